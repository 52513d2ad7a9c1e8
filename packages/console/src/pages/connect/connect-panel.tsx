import { Tabs } from '@base-ui/react/tabs';
import { clients, findClient } from '@mcpnest/contract/clients/clients';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { t } from '../../strings/connect.ts';
import { Badge } from '../../ui/status.tsx';
import { likelyFirst, knownClient } from './client-config.ts';
import { ClientGuide } from './client-guide.tsx';
import { LiveLine } from './live-line.tsx';
import { TokenMaker } from './token-maker.tsx';
import type { MadeToken } from './token-maker.tsx';

export interface ConnectPanelProps {
  readonly workspace: string;
  /** One server of it; undefined: all of them. */
  readonly server?: string | undefined;
  /** Where MCP clients connect to the workspace. */
  readonly gatewayUrl: string;
  /** Id of the client that is shown; undefined: the likeliest. */
  readonly chosen: string | undefined;
  readonly onChoose: (client: string) => void;
}

/** Every client with the way to connect it, and what comes of it as it happens. */
export function ConnectPanel({ workspace, server, gatewayUrl, chosen, onChoose }: ConnectPanelProps) {
  const [made, setMade] = useState<MadeToken & { readonly client: string }>();
  const [shown, setShown] = useState(true);
  const { data } = useQuery(apiQuery('connections', 'list', { params: { workspace } }));
  const seen = data?.items.map((connection) => connection.client) ?? [];
  const ordered = likelyFirst(clients, seen);
  const here = new Set(seen.map((name) => knownClient(clients, name)));
  const client = findClient(chosen ?? '') ?? ordered[0]!;
  const endpoint =
    server === undefined
      ? { name: workspace, url: gatewayUrl }
      : { name: `${workspace}-${server}`, url: `${gatewayUrl}/${server}` };
  const token = made?.client === client.id ? made : undefined;
  return (
    <div className="flex flex-col gap-4">
      <Tabs.Root
        value={client.id}
        onValueChange={(next: string) => onChoose(next)}
        orientation="vertical"
        className="grid gap-x-6 gap-y-4 md:grid-cols-[11rem_minmax(0,1fr)]"
      >
        <Tabs.List
          aria-label={t('clients')}
          className="flex gap-0.5 overflow-x-auto pb-1 md:flex-col md:border-r md:border-line md:pr-3"
        >
          {ordered.map((each) => (
            <Tabs.Tab
              key={each.id}
              value={each.id}
              className="flex h-8.5 shrink-0 items-center justify-between gap-2 rounded-md px-2.5 text-left whitespace-nowrap text-quiet hover:bg-sunken hover:text-text data-active:bg-accent-soft data-active:font-medium data-active:text-accent-text"
            >
              {each.name}
              {here.has(each) && <Badge tone="ok">Seen</Badge>}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={client.id} className="min-w-0">
          <h2 className="sr-only">{t('connectTo', { client: client.name })}</h2>
          <ClientGuide
            client={client}
            endpoint={endpoint}
            secret={shown ? token?.secret : undefined}
            tokenMaker={
              <TokenMaker
                workspace={workspace}
                server={server}
                clientName={client.name}
                made={token}
                shown={shown}
                onMade={(next) => {
                  setMade({ ...next, client: client.id });
                  setShown(true);
                }}
                onDone={() => setShown(false)}
              />
            }
          />
        </Tabs.Panel>
      </Tabs.Root>
      <LiveLine key={made?.id ?? ''} workspace={workspace} tokenId={made?.id} />
    </div>
  );
}
