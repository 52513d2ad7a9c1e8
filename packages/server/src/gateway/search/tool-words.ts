import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Definition } from '../definitions.ts';
import { wordsOf } from './words.ts';

/**
 * The words of one tool, packed: names of words are kept as 32-bit hashes, so that what a server writes takes at most a
 * kilobyte per tool. Two words in one hash make a tool rank too high, and nothing worse.
 */
export interface ToolWords {
  /** Sorted. */
  readonly hashes: Uint32Array;
  /** How much each counts. */
  readonly weights: Uint8Array;
}

/** What counts how much, how often at most, and how much of it is read: keywords in masses gain nothing. */
const fields = {
  name: { weight: 8, times: 1, characters: 128, words: 24 },
  title: { weight: 4, times: 1, characters: 200, words: 32 },
  parameter: { weight: 2, times: 1, characters: 64, words: 8 },
  description: { weight: 1, times: 3, characters: 2_000, words: 300 },
} as const;
/** What a word counts that its server is called by. */
export const serverWeight = 4;
const mostParameters = 32;
const mostWords = 160;

const known = new WeakMap<Definition, ToolWords>();

/** @returns undefined while nobody has read them */
export const knownWords = (definition: Definition): ToolWords | undefined => known.get(definition);

/** The words of a tool: read once and kept for as long as its definition is. */
export function toolWords(definition: Definition): ToolWords {
  const kept = known.get(definition);
  if (kept !== undefined) return kept;
  const { title, description } = saidOf(definition);
  const weights = new Map<number, number>();
  // The most telling first: of too many words the last ones are not kept.
  add(weights, fields.name, definition.name);
  add(weights, fields.title, title);
  for (const name of [...definition.declared.keys()].slice(0, mostParameters)) add(weights, fields.parameter, name);
  add(weights, fields.description, description);
  const sorted = [...weights].sort(([a], [b]) => a - b);
  const words = {
    hashes: Uint32Array.from(sorted, ([hash]) => hash),
    weights: Uint8Array.from(sorted, ([, weight]) => weight),
  };
  known.set(definition, words);
  return words;
}

function add(
  weights: Map<number, number>,
  { weight, times, characters, words }: (typeof fields)[keyof typeof fields],
  text: string,
): void {
  const counts = new Map<number, number>();
  for (const each of wordsOf(text, characters, words)) {
    const hash = wordHash(each);
    const count = counts.get(hash) ?? 0;
    if (count < times) counts.set(hash, count + 1);
  }
  for (const [hash, count] of counts) {
    const before = weights.get(hash);
    if (before === undefined && weights.size >= mostWords) continue;
    weights.set(hash, Math.min(255, (before ?? 0) + weight * count));
  }
}

/** What a tool says of itself in words; empty where it says nothing. */
export function saidOf({ before, after }: Definition): { readonly title: string; readonly description: string } {
  const { title, description, annotations } = JSON.parse(`${before}""${after}`) as Readonly<Record<string, unknown>>;
  const titled = text(title) || text((annotations as { title?: unknown } | null | undefined)?.title);
  return { title: titled, description: text(description) };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const serverWords = new WeakMap<SnapshotServer, ReadonlySet<number>>();

/** The words a server is called by: its slug and its name. */
export function wordsOfServer(server: SnapshotServer): ReadonlySet<number> {
  let words = serverWords.get(server);
  if (words === undefined) {
    const { slug, name } = server;
    words = new Set(wordsOf(`${slug} ${name}`, fields.title.characters, fields.title.words).map(wordHash));
    serverWords.set(server, words);
  }
  return words;
}

/** FNV-1a, 32 bits. */
export function wordHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
