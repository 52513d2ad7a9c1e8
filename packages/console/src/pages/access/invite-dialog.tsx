import type { Role } from '@mcpnest/contract/operation';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { roleIn } from '../../capabilities.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { rolesUpTo } from './roles.ts';

export interface InviteDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Make a link that makes somebody a member. */
export const InviteDialog = ({ open, onClose }: InviteDialogProps) => (
  <Dialog open={open} onClose={onClose} title={t('inviteTitle')} about={t('inviteAbout')}>
    {open && <Invite onClose={onClose} />}
  </Dialog>
);

function Invite({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const own = roleIn(useSession(), workspace);
  const teams = useQuery(apiQuery('teams', 'list', { params: { workspace } }));
  const create = useChange('invitations', 'create');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const [days, setDays] = useState('7');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const problem = faultOf(create.error);
  if (create.data !== undefined)
    return <SecretOnce name={t('inviteReady', { email })} secret={create.data.link} onDone={onClose} />;
  return (
    <Form
      submit={t('inviteSubmit')}
      busy={create.isPending}
      problem={problem}
      onCancel={onClose}
      disabled={email === ''}
      onSubmit={() =>
        create.mutate({
          params: { workspace },
          body: { email, role, teams: [...chosen], expiresInDays: Number(days) },
        })
      }
    >
      <TextField label={t('email')} type="email" value={email} onChange={setEmail} error={problem?.errors['email']} />
      <Select
        label={t('role')}
        value={role}
        choices={rolesUpTo(own).map((value) => ({ value, label: value }))}
        onChange={setRole}
        help={t('roleHelp')}
      />
      {(teams.data?.items.length ?? 0) > 0 && (
        <fieldset className="flex flex-col gap-1">
          <legend className="text-sm font-medium">{t('inviteTeams')}</legend>
          <div className="flex max-h-40 flex-col gap-1 overflow-y-auto">
            {teams.data?.items.map(({ slug, name }) => (
              <Checkbox
                key={slug}
                label={name}
                checked={chosen.includes(slug)}
                onChange={(on) => setChosen(on ? [...chosen, slug] : chosen.filter((other) => other !== slug))}
              />
            ))}
          </div>
        </fieldset>
      )}
      <TextField
        label={t('inviteDays')}
        type="number"
        min={1}
        max={30}
        value={days}
        onChange={setDays}
        error={problem?.errors['expiresInDays']}
      />
    </Form>
  );
}
