import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Link } from '../../components/link.tsx';
import { useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/hosted.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { InstanceState } from './instance-state.tsx';
import { sizeText } from './size-text.ts';

/** The instances of a workspace. */
export function InstancesTable({ instances }: { readonly instances: readonly HostedInstance[] }) {
  const workspace = useWorkspace();
  const go = useGo();
  return (
    <VirtualTable
      label={t('instances')}
      rows={instances}
      columns={columns(workspace)}
      rowKey={({ instance_id }) => instance_id}
      onOpen={({ instance_id }) => go(paths.hostedInstance(workspace, instance_id))}
    />
  );
}

const columns = (workspace: string): readonly Column<HostedInstance>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ instance_id, name, server }) => (
      <>
        <Link
          to={paths.hostedInstance(workspace, instance_id)}
          className="rounded font-medium hover:underline focus-visible:underline"
        >
          {name}
        </Link>
        {server !== name.toLowerCase() && <span className="text-quiet"> {server}</span>}
      </>
    ),
  },
  {
    id: 'state',
    header: t('state'),
    width: '8.5rem',
    sortBy: ({ state }) => state,
    cell: (row) => <InstanceState {...row} />,
  },
  {
    id: 'since',
    header: t('since'),
    width: '8rem',
    sortBy: ({ since }) => since,
    cell: ({ since }) => <RelativeTime at={since} />,
  },
  {
    id: 'size',
    header: t('size'),
    width: '5rem',
    sortBy: ({ profile }) => profile,
    cell: ({ profile }) => t(`profileShort_${profile}`),
  },
  {
    id: 'used',
    header: t('used'),
    width: '10rem',
    cell: ({ instance_id }) => <UsedToday instance={instance_id} />,
  },
  {
    id: 'author',
    header: t('deployedBy'),
    width: 'minmax(10rem, 1fr)',
    sortBy: ({ created_by }) => created_by,
    cell: ({ created_by }) => created_by,
  },
];

function UsedToday({ instance }: { readonly instance: string }) {
  const { data } = useQuery({
    ...apiQuery('hosted', 'usage', { params: { instance } }),
    refetchInterval: 60_000,
  });
  const day = data?.items.find(({ day: at }) => at === new Date().toISOString().slice(0, 10));
  if (day === undefined) return <span className="text-quiet">–</span>;
  return (
    <>
      {t('usedCalls', { count: day.calls })}
      <span className="text-quiet"> · {sizeText(day.memory_peak_bytes)}</span>
    </>
  );
}
