import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery, useChange } from '../../api/queries.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { Link } from '../../components/link.tsx';
import { useMay } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/first-run.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Progress } from '../../ui/states.tsx';
import { Badge } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ServerState } from '../servers/server-state.tsx';

const shownServers = 6;
const shownTools = 12;
const lookEveryMs = 1_500;

export interface ArrivingToolsProps {
  readonly workspace: string;
  readonly servers: readonly Server[];
}

/** What each server brings, while it is being asked and after. The newest servers come first. */
export const ArrivingTools = ({ workspace, servers }: ArrivingToolsProps) => (
  <Card title={t('arriving')}>
    <ul className="divide-y divide-line" aria-live="polite">
      {servers
        .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
        .slice(0, shownServers)
        .map((server) => (
          <ToolsOf key={server.id} workspace={workspace} server={server} />
        ))}
    </ul>
  </Card>
);

function ToolsOf({ workspace, server: listed }: { readonly workspace: string; readonly server: Server }) {
  const params = { workspace };
  const tools = useQuery({
    ...apiQuery('tools', 'list', { params, query: { server: listed.slug, limit: shownTools } }),
    refetchInterval: ({ state }) => ((state.data?.total ?? 0) > 0 ? false : lookEveryMs),
  });
  const total = tools.data?.total ?? 0;
  const shown = useQuery({
    ...apiQuery('servers', 'show', { params: { workspace, server: listed.slug } }),
    refetchInterval: total > 0 ? false : lookEveryMs,
  });
  const server = shown.data ?? listed;
  const closed = server.warnings.some(({ code }) => code === 'address_not_open');
  return (
    <li className="flex flex-col gap-2 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Link to={paths.server(workspace, server.slug)} className="rounded font-medium hover:underline">
          <UntrustedText text={server.name} limit={100} />
        </Link>
        <span className="flex items-center gap-3">
          {total > 0 && <span className="text-sm text-quiet">{t('tools', { count: total })}</span>}
          <ServerState server={server} />
        </span>
      </div>
      {closed && <OpenAddress server={server} />}
      {total === 0 && !closed && server.health.state === 'unknown' && (
        <Progress label={t('asking', { server: server.name })} value={null} />
      )}
      {total > 0 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1.5">
          {tools.data?.items.map(({ name, tool, class: kind }) => (
            <li key={name} className="flex items-center gap-1.5">
              <UntrustedText mono text={tool} limit={60} />
              <Badge tone={kind === 'read' ? 'off' : kind === 'write' ? 'warn' : 'bad'}>{kind}</Badge>
            </li>
          ))}
          {total > shownTools && <li className="text-sm text-quiet">{t('more', { count: total - shownTools })}</li>}
        </ul>
      )}
    </li>
  );
}

/** `host:port` of an address, with the port its scheme implies. */
function targetOf(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}

/** A private address stays closed until an owner of the instance opens it. */
function OpenAddress({ server: { url, warnings } }: { readonly server: Server }) {
  const mayOpen = useMay('network.allow');
  const open = useChange('network', 'allow', ['servers', 'tools']);
  const target = targetOf(url);
  const warning = warnings.find(({ code }) => code === 'address_not_open');
  const press = (): void => open.mutate({ body: { target } });
  return (
    <>
      <Notice
        tone="warn"
        title={t('closed')}
        action={
          mayOpen ? (
            <Button small busy={open.isPending} onClick={press}>
              {t('open', { target })}
            </Button>
          ) : undefined
        }
      >
        {mayOpen ? warning?.message : t('demoOwner')}
      </Notice>
      {open.error !== null && <ProblemNotice error={open.error} onRetry={press} />}
    </>
  );
}
