import type { Token } from '@mcpnest/contract/schemas/tokens';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-tokens.ts';
import { t as words } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { KeyValueList } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Dialog, SidePanel } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { useImpact } from './impact.ts';
import { NewToken } from './new-token.tsx';
import { StopButton, StopNotice, useStopOf } from './stop.tsx';
import { isLiving, tokenState } from './token-state.ts';

export interface TokenPanelProps {
  readonly token: Token | undefined;
  /** Whose it is, in words. */
  readonly holder: string;
  readonly onClose: () => void;
}

/** A closer look at one token: whose, for what, last used by which client; rotate, stop and revoke. */
export const TokenPanel = ({ token, holder, onClose }: TokenPanelProps) => (
  <SidePanel open={token !== undefined} onClose={onClose} title={t('details', { label: token?.label ?? '' })}>
    {token !== undefined && <Details token={token} holder={holder} />}
  </SidePanel>
);

function Details({ token, holder }: { readonly token: Token; readonly holder: string }) {
  const { tone, word } = tokenState(token);
  const stop = useStopOf(`token:${token.id}`);
  return (
    <div className="flex flex-col gap-5">
      {stop !== undefined && <StopNotice stop={stop} name={token.label} />}
      <KeyValueList
        items={{
          [t('state')]: <StatusWord tone={tone}>{t(word)}</StatusWord>,
          [t('holder')]: <UntrustedText text={holder} />,
          [t('token')]: <span className="font-mono text-sm">mng_…{token.hint}</span>,
          [t('scope')]:
            token.scope === null ? (
              t('wholeWorkspace')
            ) : (
              <ul className="font-mono text-sm">
                {token.scope.map((entry) => (
                  <li key={entry}>{entry}</li>
                ))}
              </ul>
            ),
          [t('lastUsed')]: token.lastUsedAt === null ? t('never') : <RelativeTime at={token.lastUsedAt} />,
          [t('lastClient')]: <LastClient token={token} />,
          [t('expires')]: token.expiresAt === null ? t('never') : <RelativeTime at={token.expiresAt} />,
          [t('created')]: <RelativeTime at={token.createdAt} />,
          [t('createdBy')]: <UntrustedText text={token.createdBy} />,
          ID: (
            <span className="flex items-center gap-1">
              <span className="truncate font-mono text-sm">{token.id}</span>
              <CopyButton text={token.id} label={words('copyId')} />
            </span>
          ),
        }}
      />
      {isLiving(token) && (
        <div className="flex flex-wrap gap-2">
          <Rotate token={token} />
          <StopButton target={`token:${token.id}`} name={token.label} />
          <Revoke token={token} />
        </div>
      )}
    </div>
  );
}

/** What the client of the newest recorded call names itself; admins only, as records are. */
function LastClient({ token }: { readonly token: Token }) {
  const workspace = useWorkspace();
  const mayLook = useMay('calls.list') && token.lastUsedAt !== null;
  const { data } = useQuery({
    ...apiQuery('calls', 'list', { params: { workspace }, query: { tokenId: token.id, limit: 1 } }),
    enabled: mayLook,
  });
  const name = data?.items[0]?.clientName ?? null;
  return name === null ? t('clientNone') : <UntrustedText text={name} />;
}

const dayInSeconds = 86_400;

/** Stays while the new token is shown, though the old one is replaced by then. */
function Rotate({ token: { id, label, replacedBy } }: { readonly token: Token }) {
  const workspace = useWorkspace();
  const [open, setOpen] = useState(false);
  const rotate = useChange('tokens', 'rotate');
  const close = (): void => {
    setOpen(false);
    rotate.reset();
  };
  return (
    <>
      {replacedBy === null && (
        <Button look="primary" onClick={() => setOpen(true)}>
          {t('rotate')}
        </Button>
      )}
      <Dialog open={open} onClose={close} title={t('rotateAsk', { label })} wide>
        {rotate.data === undefined ? (
          <Form
            submit={t('rotateSubmit')}
            busy={rotate.isPending}
            problem={faultOf(rotate.error)}
            onCancel={close}
            onSubmit={() => rotate.mutate({ params: { workspace, token: id }, body: { overlapSeconds: dayInSeconds } })}
          >
            <ul className="flex list-disc flex-col gap-1 pl-5">
              <li>{t('rotateEffect')}</li>
              <li>{t('rotateSame')}</li>
            </ul>
          </Form>
        ) : (
          <NewToken secret={rotate.data.secret} onDone={close} />
        )}
      </Dialog>
    </>
  );
}

function Revoke({ token: { id, label } }: { readonly token: Token }) {
  const workspace = useWorkspace();
  const [asking, setAsking] = useState(false);
  const revoke = useChange('tokens', 'revoke');
  const felt = useImpact('token', id, asking);
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        {t('revoke')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('revokeAsk', { label })}
        consequences={[t('revokeEffect'), ...felt]}
        action={t('revoke')}
        typed={label}
        busy={revoke.isPending}
        problem={faultOf(revoke.error)}
        onConfirm={() =>
          after(revoke.mutateAsync({ params: { workspace, token: id } }), () => {
            setAsking(false);
            toast({ title: t('revokedDone', { label }) });
          })
        }
      />
    </>
  );
}
