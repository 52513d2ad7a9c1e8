import type { z } from 'zod';
import type { workspace as workspaceSchema } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Link } from '../../components/link.tsx';
import { useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../paths.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/instance.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { VirtualTable } from '../../ui/virtual-table.tsx';

type Workspace = z.output<typeof workspaceSchema>;

const columns: readonly Column<Workspace>[] = [
  {
    id: 'name',
    header: t('name'),
    width: '2fr',
    sortBy: ({ name }) => name,
    cell: ({ slug, name }) => (
      <Link to={paths.home(slug)} className="rounded font-medium hover:underline">
        {name}
      </Link>
    ),
  },
  {
    id: 'url',
    header: t('url'),
    width: '3fr',
    cell: ({ gatewayUrl }) => <span className="font-mono text-sm text-quiet">{gatewayUrl}</span>,
  },
  {
    id: 'created',
    header: t('created'),
    width: '9rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** The whole instance: its version, its size, its workspaces. */
export function InstancePage() {
  const go = useGo();
  const instance = useQuery(apiQuery('instance', 'show', {}));
  const workspaces = useQuery(apiQuery('workspaces', 'list', {}));
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{ command: 'mcpnest workspace list', request: 'GET /api/v1/workspaces' }}
    >
      <Asked query={instance} rows={3}>
        {({ version, database, counts }) => (
          <Card title={t('facts')}>
            <KeyValueList
              items={{
                [t('version')]: version,
                [t('database')]: database,
                [t('servers')]: formatNumber(counts.servers),
                [t('members')]: formatNumber(counts.members),
                [t('tokens')]: formatNumber(counts.tokens),
              }}
            />
          </Card>
        )}
      </Asked>
      <Asked query={workspaces}>
        {({ items }) => (
          <VirtualTable
            label={t('workspaces')}
            rows={items}
            columns={columns}
            rowKey={({ id }) => id}
            onOpen={({ slug }) => go(paths.home(slug))}
          />
        )}
      </Asked>
    </Page>
  );
}
