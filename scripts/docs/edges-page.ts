import { edges, type ProtocolEdge } from '../../test/edges.ts';
import { edgeCitations } from '../lib/edges.ts';
import type { ModuleRecord } from '../lib/modules.ts';
import { cell, generatedNotice, table } from './markdown.ts';

/** docs/protocol-edges.md: each case of the protocol, with the tests that show it or the reason why none does. */
export function edgesPage(modules: readonly ModuleRecord[]): string {
  const files = Map.groupBy(edgeCitations(modules), ({ number }) => number);
  const rows = edges.map((edge) => {
    const cited = new Set((files.get(edge.number) ?? []).map(({ file }) => file));
    return [String(edge.number), cell(edge.meaning), cell(settled(edge, [...cited].sort()))];
  });
  return [
    '# Edge cases of the protocol',
    generatedNotice,
    'Where gateways for MCP go wrong, and what this one does. A case is shown by tests that carry its number in their title, `[edge 12]`, so that a search for it finds them; or it says here why it does not apply. `npm run check` holds the two together.',
    table(['case', 'what is right', 'how it is settled'], rows),
  ].join('\n\n');
}

function settled({ status, remark }: ProtocolEdge, files: readonly string[]): string {
  if (status === 'apart') return `Does not apply: ${remark}`;
  const tests = files.map((file) => `[${file.slice(file.lastIndexOf('/') + 1)}](../${file})`).join(', ');
  return remark === undefined ? tests : `${tests}. ${remark}`;
}
