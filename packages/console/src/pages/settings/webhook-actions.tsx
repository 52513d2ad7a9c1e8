import type { Webhook } from '@mcpnest/contract/schemas/webhooks';
import { useState } from 'react';
import { useGo } from '../../components/navigate.ts';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/settings-webhooks.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { SecretDialog } from '../../ui/make-dialog.tsx';
import { toast } from '../../ui/toast.tsx';
import { attemptFault } from './webhook-words.tsx';

/** Test, pause, sign anew, remove. */
export function WebhookActions({ webhook }: { readonly webhook: Webhook }) {
  const params = { workspace: useWorkspace(), webhook: webhook.id };
  const test = useAction('webhooks', 'test');
  const pause = useAction('webhooks', 'pause');
  const resume = useAction('webhooks', 'resume');
  const rotate = useAction('webhooks', 'rotateSecret');
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        small
        busy={test.busy}
        onClick={() =>
          test.run({ params }, null, (attempt) => {
            const detail = attemptFault(attempt);
            if (detail !== null) toast({ title: t('testFailed'), detail, tone: 'bad' });
            else toast({ title: t('tested', { ms: attempt.latencyMs, status: String(attempt.status) }) });
          })
        }
      >
        {t('test')}
      </Button>
      {webhook.state === 'active' ? (
        <Button
          small
          busy={pause.busy}
          onClick={() => pause.run({ params }, { title: t('paused'), undo: () => resume.run({ params }, null) })}
        >
          {t('pause')}
        </Button>
      ) : (
        <Button small busy={resume.busy} onClick={() => resume.run({ params }, { title: t('resumed') })}>
          {t('resume')}
        </Button>
      )}
      <Button
        small
        busy={rotate.busy}
        onClick={() => rotate.run({ params, body: {} }, null, (answer) => setSecret(answer.secret))}
      >
        {t('rotate')}
      </Button>
      <Remove webhook={webhook} />
      <SecretDialog
        title={t('rotatedTitle')}
        about={t('rotatedAbout')}
        name={t('secret')}
        secret={secret}
        onDone={() => setSecret(null)}
      />
    </div>
  );
}

function Remove({ webhook: { id, url, waiting } }: { readonly webhook: Webhook }) {
  const workspace = useWorkspace();
  const go = useGo();
  const { busy, problem, run } = useAction('webhooks', 'remove', { inForm: true });
  return (
    <ConfirmButton
      title={t('removeTitle')}
      consequences={[t('removeWaiting', { count: waiting }), t('removeSecret')]}
      action={t('remove')}
      typed={URL.canParse(url) ? new URL(url).host : url}
      busy={busy}
      problem={problem}
      onConfirm={() =>
        run({ params: { workspace, webhook: id } }, { title: t('removed') }, () =>
          go(paths.settingsWebhooks(workspace)),
        )
      }
    />
  );
}
