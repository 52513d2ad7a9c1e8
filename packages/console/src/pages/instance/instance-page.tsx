import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { can } from '../../capabilities.ts';
import { Asked } from '../../components/asked.tsx';
import { Link, OutsideLink } from '../../components/link.tsx';
import { useGo } from '../../components/navigate.ts';
import { paths } from '../../paths.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/instance.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { InstanceFrame } from './instance-frame.tsx';
import { WorkspaceAdd } from './workspace-add.tsx';

const columns: readonly Column<Workspace>[] = [
  {
    id: 'name',
    header: t('name'),
    width: '2fr',
    sortBy: ({ name }) => name,
    cell: ({ slug, name }) => (
      <Link to={paths.home(slug)} className="rounded font-medium hover:underline">
        <UntrustedText text={name} limit={100} />
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
  const workspaces = useQuery(apiQuery('workspaces', 'list', {}));
  const mayAdd = can(useSession(), 'workspaces.create');
  return (
    <InstanceFrame
      about={t('about')}
      needs="instance.show"
      actions={mayAdd ? <WorkspaceAdd /> : undefined}
      cli={{ command: 'mcpnest workspace list', request: 'GET /api/v1/workspaces' }}
    >
      <Facts />
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
    </InstanceFrame>
  );
}

function Facts() {
  const instance = useQuery(apiQuery('instance', 'show', {}));
  return (
    <Asked query={instance} rows={3}>
      {({ version, url, database, time, counts }) => (
        <div className="grid gap-6 lg:grid-cols-2">
          <Card title={t('facts')}>
            <KeyValueList
              items={{
                [t('version')]: version,
                [t('address')]: <span className="font-mono text-sm break-all">{url}</span>,
                [t('database')]: database,
                [t('servers')]: formatNumber(counts.servers),
                [t('members')]: formatNumber(counts.members),
                [t('tokens')]: formatNumber(counts.tokens),
                [t('clock')]: <RelativeTime at={time} />,
              }}
            />
          </Card>
          <Card title={t('watch')}>
            <KeyValueList
              items={{
                [t('health')]: <OutsideLink href="/readyz">/readyz</OutsideLink>,
                [t('metrics')]: <OutsideLink href="/metrics">/metrics</OutsideLink>,
                [t('reference')]: <OutsideLink href={paths.apiReference()}>{paths.apiReference()}</OutsideLink>,
              }}
            />
          </Card>
        </div>
      )}
    </Asked>
  );
}
