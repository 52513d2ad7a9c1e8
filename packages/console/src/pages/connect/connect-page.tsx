import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/connect.ts';
import { t as words } from '../../strings/shell.ts';
import { Card } from '../../ui/card.tsx';
import { Select } from '../../ui/select.tsx';
import { ConnectPanel } from './connect-panel.tsx';
import { ConnectionsCard } from './connections-card.tsx';

/** Connect a client to the workspace or to one server, and see those that are. */
export function ConnectPage() {
  const workspace = useWorkspace();
  const [{ client, server }, setFilters] = useFilters(['client', 'server']);
  const shown = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const choices = [
    { value: '', label: t('whole') },
    ...(servers.data?.items ?? []).map(({ slug, name }) => ({ value: slug, label: t('one', { name }) })),
  ];
  return (
    <Page
      title={t('title')}
      about={t('about')}
      trail={[{ label: words('home'), to: paths.home(workspace) }]}
      cli={{
        command: `mcpnest connect ${client ?? 'claude-code'} --workspace ${workspace}${server === undefined ? '' : ` --server ${server}`}`,
        request: `POST /api/v1/workspaces/${workspace}/tokens`,
      }}
    >
      <Asked query={shown} rows={8}>
        {({ gatewayUrl }) => (
          <Card>
            <div className="flex flex-col gap-5">
              <div className="max-w-xs">
                <Select
                  label={t('what')}
                  value={server ?? ''}
                  choices={choices}
                  onChange={(next) => setFilters({ server: next })}
                />
              </div>
              <ConnectPanel
                key={server ?? ''}
                workspace={workspace}
                server={server}
                gatewayUrl={gatewayUrl}
                chosen={client}
                onChoose={(next) => setFilters({ client: next })}
              />
            </div>
          </Card>
        )}
      </Asked>
      <ConnectionsCard workspace={workspace} server={server} />
    </Page>
  );
}
