import type { Hold } from '@mcpnest/contract/schemas/retention';
import { useState } from 'react';
import { useSession } from '../../api/session.ts';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings-records.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextArea } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

/** What can be done with a hold as it is: confirmed or released, each by a second person. */
export function HoldNext({ hold }: { readonly hold: Hold }) {
  const { email } = useSession().user;
  switch (hold.state) {
    case 'requested':
      return hold.requestedBy === email ? <Second /> : <Confirm hold={hold} />;
    case 'in force':
      return <Release hold={hold} />;
    case 'release requested':
      return hold.releaseRequestedBy === email ? <Second /> : <ConfirmRelease hold={hold} />;
    default:
      return null;
  }
}

const Second = () => <span className="text-sm text-quiet">{t('second')}</span>;

interface OfHold {
  readonly hold: Hold;
}

function Confirm({ hold }: OfHold) {
  const workspace = useWorkspace();
  const { busy, run } = useAction('holds', 'confirm', { also: ['retention'] });
  return (
    <Button small busy={busy} onClick={() => run({ params: { workspace, hold: hold.id } }, { title: t('confirmed') })}>
      {t('confirm')}
    </Button>
  );
}

function Release({ hold }: OfHold) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const { busy, problem, run } = useAction('holds', 'release', { inForm: true });
  return (
    <>
      <Button small onClick={() => setAsking(true)}>
        {t('release')}
      </Button>
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('releaseTitle', { name: hold.name })}
        about={t('releaseAbout')}
      >
        <Form
          submit={t('release')}
          busy={busy}
          problem={problem}
          disabled={reason.trim() === ''}
          onCancel={() => setAsking(false)}
          onSubmit={() => run({ params: { workspace, hold: hold.id }, body: { reason } }, { title: t('releaseAsked') })}
        >
          <TextArea
            label={t('reason')}
            name="reason"
            rows={3}
            value={reason}
            onChange={setReason}
            error={problem?.errors['reason']}
          />
        </Form>
      </Dialog>
    </>
  );
}

function ConfirmRelease({ hold }: OfHold) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const { busy, problem, run } = useAction('holds', 'confirmRelease', { also: ['retention'], inForm: true });
  return (
    <>
      <Button small look="danger" onClick={() => setAsking(true)}>
        {t('confirmRelease')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('releaseConfirmTitle', { name: hold.name })}
        consequences={[t('releaseConfirmWhat')]}
        action={t('release')}
        typed={hold.name}
        busy={busy}
        problem={problem}
        onConfirm={() => run({ params: { workspace, hold: hold.id } }, { title: t('released') })}
      />
    </>
  );
}
