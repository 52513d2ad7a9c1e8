import type { ServerTool } from '@mcpnest/contract/schemas/access';
import type { ShownTool } from '@mcpnest/contract/schemas/tools';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { apiQuery } from '../../../api/queries.ts';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';

/** A tool with what is known of it. */
export interface ToolRow {
  /** The server's own name of it. */
  readonly tool: string;
  /** As the person's own clients see it; undefined: they may not know of it, or it is not known. */
  readonly shown: ShownTool | undefined;
  /** What administrators know of it. */
  readonly known: ServerTool | undefined;
  /** Estimated tokens of its definition. */
  readonly tokens: number | undefined;
}

/** The largest page there is; servers with more tools are searched. */
const limit = 500;

/** The tools of a server that the person may know of. */
export function useTools(server: string, words: string | undefined) {
  const workspace = useWorkspace();
  const params = { workspace };
  const mayClassify = useMay('serverTools.list');
  const shown = useQuery(
    apiQuery('tools', 'list', { params, query: { server, limit, ...(words === undefined ? {} : { words }) } }),
  );
  const known = useQuery({
    ...apiQuery('serverTools', 'list', { params: { workspace, server } }),
    enabled: mayClassify,
  });
  const weights = useQuery(apiQuery('toolWeights', 'show', { params, query: {} }));
  const data = useMemo(() => {
    if (shown.data === undefined || (mayClassify && known.data === undefined)) return undefined;
    const tokens = new Map(
      weights.data?.tools.filter((each) => each.server === server).map((each) => [each.tool, each.tokens]),
    );
    const byName = new Map(shown.data.items.map((each) => [each.tool, each]));
    const wanted = (words ?? '').toLowerCase();
    const more = known.data?.items.filter(({ tool }) => tool.toLowerCase().includes(wanted)) ?? [];
    const byKnown = new Map(known.data?.items.map((each) => [each.tool, each]));
    const names = new Set([...byName.keys(), ...more.map(({ tool }) => tool)]);
    return [...names].map((tool): ToolRow => ({
      tool,
      shown: byName.get(tool),
      known: byKnown.get(tool),
      tokens: tokens.get(tool),
    }));
  }, [shown.data, known.data, weights.data, mayClassify, server, words]);
  return {
    data,
    error: shown.error ?? known.error,
    refetch: () => Promise.all([shown.refetch(), ...(mayClassify ? [known.refetch()] : [])]),
    mayClassify,
  };
}
