import type { SnapshotServer } from '../../domain/snapshot.ts';
import { serverWeight, wordHash, wordsOfServer, type ToolWords } from './tool-words.ts';
import { wordsOf } from './words.ts';

/** A tool as the ranker sees it. */
export interface Ranked {
  readonly server: SnapshotServer;
  readonly words: ToolWords;
}

/** The usual constants: how soon more of a word counts no more, and how much long texts are held back. */
const k1 = 1.2;
const b = 0.5;
/** Words of a query that are looked for. */
const mostQueried = 24;

/**
 * Rank tools by a query: BM25 with weighted fields (Robertson, Zaragoza 2009). Every figure is of the tools given and of
 * no others, so that the order tells nothing about tools the caller may not see.
 * @param query at most so long as the caller has checked
 * @returns indexes of the tools that have any of the words, best first; equals in the order given
 */
export function rank(tools: readonly Ranked[], query: string): number[] {
  const terms = [...new Set(wordsOf(query, query.length, mostQueried).map(wordHash))];
  const all = tools.reduce((sum, { words }) => sum + words.hashes.length, 0);
  // Names without a single word may be found by their server's.
  const average = Math.max(1, all / tools.length);
  const scores = new Float64Array(tools.length);
  const found = new Float64Array(tools.length);
  for (const term of terms) {
    const having = weigh(tools, term, found);
    const rarity = Math.log(1 + (tools.length - having + 0.5) / (having + 0.5));
    for (let i = 0; i < tools.length; i++) {
      const weight = found[i]!;
      if (weight === 0) continue;
      const held = k1 * (1 - b + (b * tools[i]!.words.hashes.length) / average);
      scores[i]! += (rarity * weight * (k1 + 1)) / (weight + held);
    }
  }
  const order = [...scores.keys()].filter((i) => scores[i]! > 0);
  return order.sort((a, c) => scores[c]! - scores[a]! || a - c);
}

/** @returns how many tools have the word */
function weigh(tools: readonly Ranked[], term: number, found: Float64Array): number {
  let having = 0;
  // The tools of one server stand together.
  let last: SnapshotServer | undefined;
  let ofServer = 0;
  for (let i = 0; i < tools.length; i++) {
    const { server, words } = tools[i]!;
    if (server !== last) {
      last = server;
      ofServer = wordsOfServer(server).has(term) ? serverWeight : 0;
    }
    const weight = weightIn(words, term) + ofServer;
    found[i] = weight;
    if (weight > 0) having++;
  }
  return having;
}

function weightIn({ hashes, weights }: ToolWords, term: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashes[middle]! < term) low = middle + 1;
    else high = middle;
  }
  return hashes[low] === term ? weights[low]! : 0;
}
