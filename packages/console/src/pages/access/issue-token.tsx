import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import type { RequestOf } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-tokens.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextArea, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { NewToken } from './new-token.tsx';

/** Whose a token is to be. Empty: chosen in the form. */
export interface TokenHolder {
  readonly memberId?: string;
  readonly machineId?: string;
}

export interface IssueTokenDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly holder: TokenHolder;
}

/** Issue a gateway token and show it once, inside what a client is configured with. */
export const IssueTokenDialog = ({ open, onClose, holder }: IssueTokenDialogProps) => (
  <Dialog open={open} onClose={onClose} title={t('issueTitle')} about={t('issueAbout')} wide>
    {open && <IssueToken holder={holder} onClose={onClose} />}
  </Dialog>
);

type Body = RequestOf<'tokens', 'issue'>['body'];

/** `me`, `workspace`, `member <id>` or `machine <id>`, as the API takes it. */
function holderBody(whose: string): Pick<Body, 'kind' | 'memberId' | 'machineId'> {
  const [kind, id] = whose.split(' ');
  if (kind === 'workspace') return { kind };
  if (kind === 'machine' && id !== undefined) return { kind, machineId: id };
  return id === undefined ? { kind: 'member' } : { kind: 'member', memberId: id };
}

const fixedHolder = ({ memberId, machineId }: TokenHolder): string | undefined =>
  memberId === undefined ? machineId && `machine ${machineId}` : `member ${memberId}`;

function IssueToken({ holder, onClose }: Omit<IssueTokenDialogProps, 'open'>) {
  const workspace = useWorkspace();
  const issue = useChange('tokens', 'issue', ['timelines']);
  const fixed = fixedHolder(holder);
  const [whose, setWhose] = useState(fixed ?? 'me');
  const [label, setLabel] = useState('');
  const [scope, setScope] = useState('');
  const [days, setDays] = useState('90');
  const problem = faultOf(issue.error);
  if (issue.data !== undefined) return <NewToken secret={issue.data.secret} onDone={onClose} />;
  function chooseHolder(next: string): void {
    setWhose(next);
    if (next.startsWith('machine') && days === 'never') setDays('90');
  }
  const entries = scope.split(/[\s,]+/).filter((entry) => entry !== '');
  return (
    <Form
      submit={t('issue')}
      busy={issue.isPending}
      problem={problem}
      disabled={label.trim() === ''}
      onCancel={onClose}
      onSubmit={() =>
        issue.mutate({
          params: { workspace },
          body: {
            ...holderBody(whose),
            label,
            ...(entries.length === 0 ? {} : { scope: entries }),
            ...(days === 'never' ? {} : { expiresInDays: Number(days) }),
          },
        })
      }
    >
      {fixed === undefined && <WhoseSelect value={whose} onChange={chooseHolder} />}
      <TextField
        label={t('label')}
        help={t('labelHelp')}
        value={label}
        onChange={setLabel}
        error={problem?.errors['label']}
      />
      <TextArea
        label={t('scopeField')}
        optional
        mono
        rows={2}
        help={t('scopeHelp')}
        value={scope}
        onChange={setScope}
        error={Object.entries(problem?.errors ?? {}).find(([path]) => path.startsWith('scope'))?.[1]}
      />
      <Select
        label={t('expiry')}
        value={days}
        onChange={setDays}
        choices={[
          ...['7', '30', '90', '365'].map((value) => ({ value, label: t('days', { count: Number(value) }) })),
          // A machine's token ends after 90 days when nothing is said; there is no way to say never.
          ...(whose.startsWith('machine') ? [] : [{ value: 'never', label: t('noEnd') }]),
        ]}
      />
    </Form>
  );
}

function WhoseSelect({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const workspace = useWorkspace();
  const request = { params: { workspace } };
  const mayOthers = useMay('members.list');
  const members = useQuery({ ...apiQuery('members', 'list', request), enabled: mayOthers });
  const machines = useQuery({ ...apiQuery('machines', 'list', request), enabled: mayOthers });
  return (
    <Select
      label={t('forWhom')}
      value={value}
      onChange={onChange}
      choices={[
        { value: 'me', label: t('forMe') },
        ...(mayOthers ? [{ value: 'workspace', label: t('forWorkspace') }] : []),
        ...(members.data?.items ?? []).map(({ id, email }) => ({ value: `member ${id}`, label: email })),
        ...(machines.data?.items ?? []).map(({ id, name }) => ({ value: `machine ${id}`, label: name })),
      ]}
    />
  );
}
