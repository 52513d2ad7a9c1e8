import type { Sink } from '@mcpnest/contract/schemas/sinks';
import { useQuery } from '@tanstack/react-query';
import { formatDuration, formatNumber, formatTime } from '../../strings/catalogue.ts';
import { t } from '../../strings/sinks.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { Asked } from '../asked.tsx';
import { SinkActions } from './sink-actions.tsx';
import { sinksApi, sinksQuery } from './sinks-api.ts';

const stateOf = ({ pausedSince, failures }: Sink): 'paused' | 'failing' | 'sending' =>
  pausedSince !== null ? 'paused' : failures > 0 ? 'failing' : 'sending';

const tones = { paused: 'off', failing: 'bad', sending: 'ok' } as const;

function State({ sink }: { readonly sink: Sink }) {
  const { lastError, nextAttemptAt } = sink;
  const state = stateOf(sink);
  const next = nextAttemptAt === null ? t('soon') : formatTime(nextAttemptAt);
  return (
    <span title={state === 'failing' && lastError !== null ? t('fault', { error: lastError, next }) : undefined}>
      <StatusWord tone={tones[state]}>{t(state)}</StatusWord>
      {state === 'failing' && <span className="ml-2 font-mono text-xs text-quiet">{lastError}</span>}
    </span>
  );
}

const columns = (workspace: string | null): readonly Column<Sink>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name }) => <UntrustedText text={name} limit={60} />,
  },
  { id: 'kind', header: t('kind'), width: '8rem', sortBy: ({ kind }) => kind, cell: ({ kind }) => t(kind) },
  { id: 'include', header: t('include'), width: '9rem', cell: ({ include }) => t(include) },
  {
    id: 'state',
    header: t('state'),
    width: 'minmax(9rem, 2fr)',
    sortBy: stateOf,
    cell: (sink) => <State sink={sink} />,
  },
  {
    id: 'lag',
    header: t('lag'),
    width: 'minmax(8rem, 1fr)',
    align: 'end',
    sortBy: ({ lag }) => lag.rows,
    cell: ({ lag }) =>
      lag.rows === 0
        ? t('none')
        : t('lagRows', {
            rows: `${formatNumber(lag.rows)}${lag.more ? '+' : ''}`,
            age: formatDuration(lag.seconds * 1_000),
          }),
  },
  {
    id: 'sent',
    header: t('sent'),
    width: '8rem',
    align: 'end',
    sortBy: ({ lastSuccessAt }) => lastSuccessAt ?? '',
    cell: ({ lastSuccessAt }) => (lastSuccessAt === null ? t('never') : <RelativeTime at={lastSuccessAt} />),
  },
  {
    id: 'actions',
    header: t('actions'),
    width: '14rem',
    align: 'end',
    cell: (sink) => <SinkActions sink={sink} workspace={workspace} />,
  },
];

/** The sinks of a workspace, or of the whole instance for null. */
export function SinksPart({ workspace }: { readonly workspace: string | null }) {
  const query = useQuery(sinksQuery(sinksApi(workspace), workspace));
  const where = workspace === null ? '--instance' : `--workspace ${workspace}`;
  return (
    <Asked query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title={t('emptyTitle')}
            example={
              <CodeBlock
                label={t('command')}
                code={`mcpnest sink create siem --kind http --url https://siem.example.com/in --format ocsf ${where}`}
              />
            }
          >
            {t('empty')}
          </EmptyState>
        ) : (
          <VirtualTable label={t('title')} rows={items} columns={columns(workspace)} rowKey={({ id }) => id} />
        )
      }
    </Asked>
  );
}
