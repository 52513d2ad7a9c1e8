import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/servers.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { ServerState } from './server-state.tsx';

/** One server. */
export function ServerPage() {
  const workspace = useWorkspace();
  const server = usePathPart('server');
  const query = useQuery(apiQuery('servers', 'show', { params: { workspace, server } }));
  return (
    <Page
      title={query.data?.name ?? server}
      trail={[{ label: t('title'), to: paths.servers(workspace) }]}
      status={query.data !== undefined && <ServerState server={query.data} />}
      cli={{
        command: `mcpnest server show ${server} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/servers/${server}`,
      }}
    >
      <Asked query={query}>
        {({ url, prefix, revision, credential, createdAt }) => (
          <Card title="Configuration">
            <KeyValueList
              items={{
                [t('address')]: <span className="font-mono text-sm">{url}</span>,
                [t('prefix')]: prefix ?? '–',
                Credential: credential === null ? 'None' : credential.headers.join(', '),
                Revision: revision,
                Added: <RelativeTime at={createdAt} />,
              }}
            />
          </Card>
        )}
      </Asked>
    </Page>
  );
}
