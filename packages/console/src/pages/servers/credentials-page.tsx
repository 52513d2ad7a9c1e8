import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/server-parts.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { CredentialForm } from './credential-form.tsx';
import { ServerFrame } from './server-frame.tsx';

/** What the gateway sends to a server to prove itself; write-only. */
export const CredentialsPage = () => (
  <ServerFrame
    part="credentials"
    command={(server) => `mcpnest server credential set ${server}`}
    request={(server) => `PUT /servers/${server}/credential`}
  >
    {(server) => <Credential server={server} />}
  </ServerFrame>
);

function Credential({ server }: { readonly server: Server }) {
  const { slug, name, credential } = server;
  const workspace = useWorkspace();
  const [open, setOpen] = useState<'set' | 'clear' | null>(null);
  const clear = useChange('servers', 'clearCredential');
  const close = (): void => setOpen(null);
  return (
    <>
      {credential === null ? (
        <EmptyState
          title={t('noCredential')}
          action={
            <Button look="primary" onClick={() => setOpen('set')}>
              {t('setCredential')}
            </Button>
          }
        >
          {t('noCredentialAbout')}
        </EmptyState>
      ) : (
        <Card
          title={t('credential')}
          about={t('credentialAbout')}
          actions={
            <div className="flex gap-2">
              <Button small look="danger" onClick={() => setOpen('clear')}>
                {t('clearCredential')}
              </Button>
              <Button small onClick={() => setOpen('set')}>
                {t('replaceCredential')}
              </Button>
            </div>
          }
        >
          <ul className="flex flex-col divide-y divide-line">
            {credential.headers.map((header) => (
              <li key={header} className="flex items-center justify-between gap-4 py-2">
                <span className="font-mono text-sm">{header}</span>
                <span className="text-sm text-quiet">{t('sealed')}</span>
              </li>
            ))}
          </ul>
          <LastSet server={slug} />
        </Card>
      )}
      <Dialog open={open === 'set'} onClose={close} title={t('setTitle', { name })} about={t('setAbout')}>
        {open === 'set' && <CredentialForm server={server} onClose={close} />}
      </Dialog>
      <ConfirmDialog
        open={open === 'clear'}
        onClose={close}
        title={t('clearTitle', { name })}
        consequences={[t('clearSends'), t('clearErased'), t('clearHistory')]}
        action={t('clearCredential')}
        busy={clear.isPending}
        problem={faultOf(clear.error)}
        onConfirm={() =>
          clear.mutate(
            { params: { workspace, server: slug } },
            {
              onSuccess: () => {
                close();
                toast({ title: t('cleared', { name }) });
              },
            },
          )
        }
      />
    </>
  );
}

/** Who set it last, and when, while the records of changes have it. */
function LastSet({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const query = useQuery(
    apiQuery('auditEvents', 'list', { params: { workspace }, query: { action: 'servers.setCredential', limit: 200 } }),
  );
  const event = query.data?.items.find(({ target }) => target === `server:${server}`);
  return (
    <p className="mt-3 min-h-5 border-t border-line pt-3 text-sm text-quiet">
      {event !== undefined && (
        <>
          {t('setBy', { who: event.actorEmail ?? event.actor })} <RelativeTime at={event.createdAt} />
        </>
      )}
    </p>
  );
}
