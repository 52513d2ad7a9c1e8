import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-teams.ts';
import { Combobox } from '../../ui/combobox.tsx';
import type { Choice } from '../../ui/select.tsx';

/** Members, teams and machines a page may name, as rules write them: `member:<email>`, `team:<slug>`. */
export function useSubjects(kinds: readonly ('member' | 'team' | 'machine')[]): readonly Choice<string>[] {
  const workspace = useWorkspace();
  const request = { params: { workspace } };
  const mayMembers = useMay('members.list');
  const members = useQuery({
    ...apiQuery('members', 'list', request),
    enabled: mayMembers && kinds.includes('member'),
  });
  const teams = useQuery({ ...apiQuery('teams', 'list', request), enabled: kinds.includes('team') });
  const machines = useQuery({ ...apiQuery('machines', 'list', request), enabled: kinds.includes('machine') });
  const choice = (value: string): Choice<string> => ({ value, label: value });
  return [
    ...(kinds.includes('member') ? (members.data?.items ?? []).map(({ email }) => choice(`member:${email}`)) : []),
    ...(kinds.includes('team') ? (teams.data?.items ?? []).map(({ slug }) => choice(`team:${slug}`)) : []),
    ...(kinds.includes('machine') ? (machines.data?.items ?? []).map(({ name }) => choice(`machine:${name}`)) : []),
  ];
}

export interface MemberPickerProps {
  readonly label: string;
  /** Id of the member chosen. */
  readonly value: string | null;
  readonly onChange: (member: Member | null) => void;
  /** Ids that are not offered. */
  readonly except?: ReadonlySet<string>;
  readonly help?: string;
}

/** One of the people of the workspace, found by name or email. */
export function MemberPicker({ label, value, onChange, except, help }: MemberPickerProps) {
  const workspace = useWorkspace();
  const { data } = useQuery(apiQuery('members', 'list', { params: { workspace } }));
  const items = data?.items ?? [];
  return (
    <Combobox
      label={label}
      value={value}
      placeholder={t('choosePerson')}
      {...(help === undefined ? {} : { help })}
      choices={items
        .filter(({ id }) => except?.has(id) !== true)
        .map(({ id, name, email }) => ({ value: id, label: `${name} · ${email}` }))}
      onChange={(id) => onChange(items.find((item) => item.id === id) ?? null)}
    />
  );
}
