import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/instance.ts';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { CheckpointTargets } from './checkpoint-targets.tsx';
import { InstanceFrame } from './instance-frame.tsx';
import { SigningKeys } from './signing-keys.tsx';

interface Log {
  readonly log: string;
  readonly origin: string;
  readonly records: number;
  readonly signedAt: string;
}

const columns: readonly Column<Log>[] = [
  {
    id: 'origin',
    header: t('log'),
    width: 'minmax(14rem, 3fr)',
    sortBy: ({ origin }) => origin,
    cell: ({ origin }) => <span className="font-mono text-sm">{origin}</span>,
  },
  {
    id: 'records',
    header: t('records'),
    width: '8rem',
    align: 'end',
    sortBy: ({ records }) => records,
    cell: ({ records }) => formatNumber(records),
  },
  {
    id: 'signed',
    header: t('signed'),
    width: '9rem',
    align: 'end',
    sortBy: ({ signedAt }) => signedAt,
    cell: ({ signedAt }) => <RelativeTime at={signedAt} />,
  },
];

/** How records are sealed, signed and published. */
export const ProofPage = () => (
  <InstanceFrame
    about={t('proofAbout')}
    needs="checkpointTargets.status"
    cli={{ command: 'mcpnest audit status', request: 'GET /api/v1/audit/status' }}
  >
    <Status />
    <CheckpointTargets />
    <SigningKeys />
  </InstanceFrame>
);

function Status() {
  const query = useQuery(apiQuery('checkpointTargets', 'status', {}));
  return (
    <Asked query={query} rows={3}>
      {({ sealing, logs }) => (
        <>
          <Card title={t('sealing')}>
            {sealing === null ? (
              <StatusWord tone="off">{t('noNode')}</StatusWord>
            ) : (
              <StatusWord tone={sealing.ok ? 'ok' : 'bad'}>
                {sealing.ok ? t('sealingOk') : (sealing.reason ?? t('sealingBad'))}
              </StatusWord>
            )}
          </Card>
          {logs.length > 0 && (
            <VirtualTable label={t('logs')} rows={logs} columns={columns} rowKey={({ log }) => log} visibleRows={6} />
          )}
        </>
      )}
    </Asked>
  );
}
