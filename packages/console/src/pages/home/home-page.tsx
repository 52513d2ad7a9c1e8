import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { ServerState } from '../servers/server-state.tsx';

/** Where a workspace begins: its URL, and how its servers are doing. */
export function HomePage() {
  const workspace = useWorkspace();
  const shown = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  return (
    <Page
      title={shown.data?.name ?? workspace}
      about={t('about')}
      cli={{ command: `mcpnest workspace show ${workspace}`, request: `GET /api/v1/workspaces/${workspace}` }}
    >
      <Asked query={shown} rows={2}>
        {({ gatewayUrl }) => (
          <Card title={t('url')} about={t('urlAbout')}>
            <CodeBlock label={t('url')} code={gatewayUrl} />
          </Card>
        )}
      </Asked>
      <Asked query={servers}>
        {({ items }) => (
          <Card
            title={t('servers', { count: items.length })}
            actions={
              <LinkButton small to={paths.servers(workspace)}>
                {t('all')}
              </LinkButton>
            }
          >
            {items.length === 0 ? (
              <p className="text-quiet">{t('none')}</p>
            ) : (
              <ul className="divide-y divide-line">
                {items.slice(0, 8).map((server) => (
                  <li key={server.id} className="flex items-center justify-between py-2">
                    <span>{server.name}</span>
                    <ServerState server={server} />
                  </li>
                ))}
              </ul>
            )}
          </Card>
        )}
      </Asked>
    </Page>
  );
}
