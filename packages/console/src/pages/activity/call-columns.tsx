import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { CallOutcome } from '../../components/call-outcome.tsx';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/activity.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** A call in a line. */
export const callColumns: readonly Column<ToolCall>[] = [
  { id: 'time', header: t('time'), width: '8.5rem', cell: ({ createdAt }) => <RelativeTime inRow at={createdAt} /> },
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(12rem, 3fr)',
    cell: ({ server, tool }) => <UntrustedText mono text={`${server ?? '–'} · ${tool}`} limit={120} />,
  },
  {
    id: 'outcome',
    header: t('outcome'),
    width: 'minmax(9rem, 1fr)',
    cell: (call) => <CallOutcome {...call} />,
  },
  {
    id: 'client',
    header: t('client'),
    width: 'minmax(7rem, 1fr)',
    cell: ({ clientName }) => <UntrustedText text={clientName ?? '–'} limit={60} />,
  },
  {
    id: 'duration',
    header: t('duration'),
    width: '5rem',
    align: 'end',
    cell: ({ latencyMs }) => formatDuration(latencyMs),
  },
];
