import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { ChoiceRow } from '../../components/choice-row.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { Combobox } from '../../ui/combobox.tsx';

export type SubjectKind = 'member' | 'machine' | 'server';

export interface TimelineSubjectProps {
  readonly kind: SubjectKind;
  /** Of the member or machine, or the server's slug. */
  readonly id: string | undefined;
  readonly onChange: (kind: SubjectKind, id: string | undefined) => void;
}

/** Whose timeline. A member has but their own. */
export function TimelineSubject(props: TimelineSubjectProps) {
  return useMay('timelines.server') ? <Anybody {...props} /> : <Oneself {...props} />;
}

function Anybody({ kind, id, onChange }: TimelineSubjectProps) {
  const workspace = useWorkspace();
  const params = { workspace };
  const members = useQuery({ ...apiQuery('members', 'list', { params }), enabled: kind === 'member' });
  const machines = useQuery({ ...apiQuery('machines', 'list', { params }), enabled: kind === 'machine' });
  const servers = useQuery({ ...apiQuery('servers', 'list', { params }), enabled: kind === 'server' });
  const choices = {
    member: () => members.data?.items.map((each) => ({ value: each.id, label: each.email })),
    machine: () => machines.data?.items.map((each) => ({ value: each.id, label: each.name })),
    server: () => servers.data?.items.map((each) => ({ value: each.slug, label: each.name })),
  }[kind]();
  const { error } = { member: members, machine: machines, server: servers }[kind];
  return (
    <div className="flex flex-wrap items-end gap-4">
      <ChoiceRow
        label={t('kind')}
        value={kind}
        choices={[
          { value: 'member', label: t('kindMember') },
          { value: 'machine', label: t('kindMachine') },
          { value: 'server', label: t('kindServer') },
        ]}
        onChange={(next) => onChange(next, undefined)}
      />
      <div className="w-80 max-w-full">
        <Combobox
          key={kind}
          label={t('subject')}
          placeholder={t('subjectPlaceholder')}
          value={id ?? null}
          choices={choices ?? []}
          onChange={(next) => onChange(kind, next ?? undefined)}
        />
      </div>
      {error !== null && <ProblemNotice error={error} />}
    </div>
  );
}

function Oneself({ kind, id, onChange }: TimelineSubjectProps) {
  const workspace = useWorkspace();
  const { workspaces } = useSession();
  const own = workspaces.find(({ slug }) => slug === workspace)?.memberId;
  useEffect(() => {
    if (own !== undefined && (kind !== 'member' || id !== own)) onChange('member', own);
  }, [own, kind, id, onChange]);
  return <p className="text-quiet">{t('timelineOwn')}</p>;
}
