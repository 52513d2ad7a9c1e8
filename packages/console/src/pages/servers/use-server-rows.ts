import type { InventoryItem } from '@mcpnest/contract/schemas/inventory';
import type { Server } from '@mcpnest/contract/schemas/servers';
import type { StatsItem } from '@mcpnest/contract/schemas/statistics';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';

/** A server with what is known of its use. What an administrator alone may read is missing for others. */
export interface ServerRow extends Server {
  /** Tools that whoever asks may use; undefined: not known. */
  readonly tools: number | undefined;
  readonly use: StatsItem | undefined;
  readonly stock: InventoryItem | undefined;
}

const dayMs = 86_400_000;

/** The servers in their order, read anew every quarter of a minute, with tools, calls of the last day and inventory. */
export function useServerRows() {
  const workspace = useWorkspace();
  const params = { workspace };
  const mayStatistics = useMay('statistics.stats');
  const [from] = useState(() => new Date(Date.now() - dayMs).toISOString());
  const servers = useQuery({ ...apiQuery('servers', 'list', { params }), refetchInterval: 15_000 });
  const weights = useQuery(apiQuery('toolWeights', 'show', { params, query: {} }));
  const stats = useQuery({
    ...apiQuery('statistics', 'stats', { params, query: { by: 'server', from } }),
    enabled: mayStatistics,
  });
  const inventory = useQuery({
    ...apiQuery('statistics', 'inventory', { params, query: {} }),
    enabled: mayStatistics,
  });
  const rows = useMemo((): readonly ServerRow[] | undefined => {
    const tools = new Map(weights.data?.servers.map((each) => [each.server, each.tools]));
    const use = new Map(stats.data?.items.map((each) => [each.server, each]));
    const stock = new Map(inventory.data?.items.map((each) => [each.server, each]));
    return servers.data?.items.map((server) => ({
      ...server,
      tools: tools.get(server.slug),
      use: use.get(server.slug),
      stock: stock.get(server.slug),
    }));
  }, [servers.data, weights.data, stats.data, inventory.data]);
  return { data: rows, error: servers.error, refetch: servers.refetch, detailed: mayStatistics };
}
