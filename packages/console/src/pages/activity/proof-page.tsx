import type { SealStatus } from '@mcpnest/contract/schemas/proofs';
import { useQuery } from '@tanstack/react-query';
import { apiQuery, useChange } from '../../api/queries.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { Button } from '../../ui/button.tsx';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Progress } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ActivityFrame } from './activity-frame.tsx';

/** How often the state is read anew: while a check runs, and otherwise. */
const runningMs = 500;
const idleMs = 15_000;

/** How far the records are sealed, and the way to have them checked. */
export function ProofPage() {
  const workspace = useWorkspace();
  return (
    <ActivityFrame
      operation="proofs.status"
      cli={{
        command: `mcpnest audit seal --workspace ${workspace}\nmcpnest audit check --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/audit/status\nPOST /api/v1/workspaces/${workspace}/audit/verify`,
      }}
    >
      <Seal />
    </ActivityFrame>
  );
}

function Seal() {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('proofs', 'status', { params: { workspace } }),
    refetchInterval: ({ state }) => (state.data?.running == null ? idleMs : runningMs),
  });
  const verify = useChange('proofs', 'verify');
  const mayVerify = useMay('proofs.verify');
  const running = query.data?.running ?? null;
  return (
    <Card
      title={t('sealTitle')}
      about={t('sealWord')}
      actions={
        mayVerify ? (
          <Button busy={verify.isPending || running !== null} onClick={() => verify.mutate({ params: { workspace } })}>
            {t('sealVerify')}
          </Button>
        ) : undefined
      }
    >
      <div className="flex flex-col gap-4">
        {verify.error !== null && <ProblemNotice error={verify.error} />}
        {running !== null && (
          <Progress
            label={t('sealVerifying', { checked: running.checked, of: running.of })}
            value={running.of === 0 ? null : (running.checked / running.of) * 100}
          />
        )}
        <Asked query={query} rows={6}>
          {(status) => <Facts status={status} />}
        </Asked>
      </div>
    </Card>
  );
}

function Facts({ status: { log, sealing, published, node, lastCheck } }: { readonly status: SealStatus }) {
  return (
    <KeyValueList
      items={{
        ...(sealing === null
          ? {}
          : {
              [t('sealState')]: (
                <StatusWord tone={sealing.ok ? 'ok' : 'bad'}>{sealing.ok ? t('sealOk') : t('sealBroken')}</StatusWord>
              ),
            }),
        ...(log === null
          ? { [t('sealSigned')]: t('sealNone') }
          : {
              [t('sealRecords')]: formatNumber(log.records),
              [t('sealSigned')]: <RelativeTime at={log.signedAt} />,
              ...(log.purged === 0 ? {} : { [t('sealPurged')]: formatNumber(log.purged) }),
              [t('sealOrigin')]: <Text text={log.origin} />,
              ...(log.verifierKey === null ? {} : { [t('sealKey')]: <Text text={log.verifierKey} /> }),
            }),
        [t('sealNode')]: <code className="font-mono text-sm">{node}</code>,
        [t('sealPublished')]:
          published.length === 0 ? (
            t('sealNowhere')
          ) : (
            <ul>
              {published.map((place) => (
                <li key={place.name} className="flex gap-3">
                  <UntrustedText text={place.name} limit={80} />
                  {place.failing && <StatusWord tone="bad">{t('sealFailing')}</StatusWord>}
                  {place.lastSuccessAt !== null && <RelativeTime at={place.lastSuccessAt} />}
                </li>
              ))}
            </ul>
          ),
        [t('sealLast')]: lastCheck === null ? t('sealNever') : <LastCheck check={lastCheck} />,
      }}
    />
  );
}

const LastCheck = ({ check }: { readonly check: NonNullable<SealStatus['lastCheck']> }) => (
  <span>
    <StatusWord tone={check.ok ? 'ok' : 'bad'}>
      {check.ok ? t('sealGood', { count: check.records }) : t('sealBad')}
    </StatusWord>{' '}
    {check.reason !== null && <UntrustedText text={check.reason} />}{' '}
    <span className="text-quiet">
      <RelativeTime at={check.finishedAt} />, <UntrustedText text={t('sealBy', { who: check.requestedBy })} />
    </span>
  </span>
);

const Text = ({ text }: { readonly text: string }) => (
  <span className="inline-flex max-w-full items-center gap-1">
    <code className="font-mono text-sm break-all">{text}</code>
    <CopyButton text={text} />
  </span>
);
