import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Link, LinkButton } from '../../components/link.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Badge, StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ServerState } from '../servers/server-state.tsx';
import { healthWords } from './health-words.ts';

const shownServers = 6;
/** What is not well comes first. */
const urgency: Readonly<Record<string, number>> = { down: 0, degraded: 1, drill: 2, unknown: 3 };

/** How the servers are doing, in a sentence; the gateway's address; and what is not well by name. */
export function HealthCard({ workspace }: { readonly workspace: string }) {
  const params = { workspace };
  const servers = useQuery({ ...apiQuery('servers', 'list', { params }), refetchInterval: 15_000 });
  const shown = useQuery(apiQuery('workspaces', 'show', { params }));
  return (
    <Card
      title={t('health')}
      actions={
        <LinkButton small to={paths.servers(workspace)}>
          {t('all')}
        </LinkButton>
      }
    >
      <Asked query={servers} rows={4}>
        {({ items }) => {
          const { tone, headline, rest } = healthWords(items);
          return (
            <div className="flex flex-col gap-4">
              <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
                <p className="text-xl font-semibold">
                  <StatusWord tone={tone}>{headline}</StatusWord>
                </p>
                {rest.map((words) => (
                  <span key={words} className="text-quiet">
                    {words}
                  </span>
                ))}
                {shown.data?.settings.access.preset === 'open' && (
                  <Link to={paths.access(workspace)} className="rounded">
                    <Badge tone="warn">
                      {shown.data.settings.access.enforcement ? t('openBadge') : t('openUnenforced')}
                    </Badge>
                  </Link>
                )}
              </div>
              <ul className="grid gap-x-8 sm:grid-cols-2">
                {items
                  .toSorted((a, b) => (urgency[a.health.state] ?? 4) - (urgency[b.health.state] ?? 4))
                  .slice(0, shownServers)
                  .map((server) => (
                    <li
                      key={server.id}
                      className="flex items-center justify-between gap-3 border-t border-line py-2 text-base"
                    >
                      <Link
                        to={paths.server(workspace, server.slug)}
                        className="min-w-0 truncate rounded hover:underline"
                      >
                        <UntrustedText text={server.name} limit={60} />
                      </Link>
                      <ServerState server={server} />
                    </li>
                  ))}
              </ul>
              {shown.data !== undefined && (
                <div className="flex flex-col gap-1">
                  <p className="text-sm text-quiet">{t('urlAbout')}</p>
                  <CodeBlock label={t('url')} code={shown.data.gatewayUrl} />
                </div>
              )}
            </div>
          );
        }}
      </Asked>
    </Card>
  );
}
