import type { ProtocolEdge } from '../../test/edges.ts';
import { edgeCitations } from '../lib/edges.ts';
import type { ModuleRecord } from '../lib/modules.ts';

/**
 * Cases of the protocol that are not settled: each is shown by a test that cites it, or says why it does not apply,
 * never both; a citation of a case that does not exist counts for nothing.
 */
export function findUnsettledEdges(modules: readonly ModuleRecord[], edges: readonly ProtocolEdge[]): string[] {
  const citations = edgeCitations(modules);
  const cited = new Map(citations.map(({ number, file }) => [number, file]));
  const known = new Set(edges.map(({ number }) => number));
  return [
    ...edges.flatMap((edge) => faultOf(edge, cited.get(edge.number))),
    ...edges.flatMap(({ number }, i) => (number === i + 1 ? [] : [`[edge ${i + 1}] is not at its place in the list`])),
    ...citations
      .filter(({ number }) => !known.has(number))
      .map(({ number, file }) => `${file}: [edge ${number}] is no case of test/edges.ts`),
  ];
}

function faultOf({ number, status }: ProtocolEdge, file: string | undefined): string[] {
  const name = `[edge ${number}]`;
  if (status === 'shown') return file === undefined ? [`${name} is cited by no test`] : [];
  return file === undefined ? [] : [`${name} is said not to apply, and ${file} cites it`];
}
