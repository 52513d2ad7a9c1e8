import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/hosted.ts';
import { Switch } from '../../ui/choice-controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

type Hosting = Workspace['settings']['hosting'];

/** Whether a workspace hosts servers, when they sleep, and how many are each member's own. */
export function HostingDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const query = useQuery({
    ...apiQuery('workspaces', 'show', { params: { workspace: useWorkspace() } }),
    enabled: open,
  });
  return (
    <Dialog open={open} onClose={onClose} title={t('hostingTitle')} about={t('hostingAbout')}>
      {open && (
        <Asked query={query} rows={3}>
          {({ settings }) => <Fields hosting={settings.hosting} onClose={onClose} />}
        </Asked>
      )}
    </Dialog>
  );
}

function Fields({ hosting, onClose }: { readonly hosting: Hosting; readonly onClose: () => void }) {
  const params = { workspace: useWorkspace() };
  const [on, setOn] = useState(hosting.orchestratorEnabled);
  const [idle, setIdle] = useState(String(hosting.idleMinutes ?? ''));
  const [paused, setPaused] = useState(String(hosting.pausedMinutes));
  const [personal, setPersonal] = useState(String(hosting.personalPerMember));
  const { run, busy, problem } = useAction('workspaces', 'update', {
    also: ['hosted', 'hostedCatalogue'],
    inForm: true,
  });
  const idleMinutes = idle.trim() === '' ? null : Number(idle);
  // Not a number would be sent as none, which here has a meaning.
  const idleWrong = Number.isNaN(idleMinutes);
  const pausedMinutes = paused.trim() === '' ? Number.NaN : Number(paused);
  const personalPerMember = personal.trim() === '' ? Number.NaN : Number(personal);
  return (
    <Form
      submit={t('save')}
      busy={busy}
      problem={problem}
      disabled={idleWrong}
      onCancel={onClose}
      onSubmit={() =>
        run(
          {
            params,
            body: { settings: { hosting: { orchestratorEnabled: on, idleMinutes, pausedMinutes, personalPerMember } } },
          },
          { title: t('saved') },
          onClose,
        )
      }
    >
      <Switch label={t('hostingOn')} help={t('hostingOnHelp')} checked={on} onChange={setOn} />
      <TextField
        label={t('idle')}
        help={t('idleHelp')}
        optional
        inputMode="numeric"
        value={idle}
        onChange={setIdle}
        error={idleWrong ? t('idleWrong') : problem?.errors['settings.hosting.idleMinutes']}
      />
      <TextField
        label={t('paused')}
        help={t('pausedHelp')}
        inputMode="numeric"
        value={paused}
        onChange={setPaused}
        error={problem?.errors['settings.hosting.pausedMinutes']}
      />
      <TextField
        label={t('personalMost')}
        help={t('personalMostHelp')}
        inputMode="numeric"
        value={personal}
        onChange={setPersonal}
        error={problem?.errors['settings.hosting.personalPerMember']}
      />
    </Form>
  );
}
