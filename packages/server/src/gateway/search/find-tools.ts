import { setImmediate as turn } from 'node:timers/promises';
import { clip } from '../../platform/text.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import type { Definition } from '../definitions.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Asked } from '../governed-call.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import { answerFault, answerText } from './answer.ts';
import { readFindArguments } from './arguments.ts';
import { searchable, takeLook } from './listing.ts';
import { rank, type Ranked } from './rank.ts';
import { knownWords, saidOf, toolWords } from './tool-words.ts';

/** Tools that are read in one go when they were never searched before. */
const readAtOnce = 50;
/** Characters of a description that are shown. */
const shownCharacters = 200;

/**
 * `find_tools`: the tools this caller may use that a query means, best first; all of them in order where it is empty.
 * @throws AppError
 */
export async function findTools(deps: GatewayDeps, call: Exchanged, message: Message, asked: Asked): Promise<void> {
  takeLook(deps, call);
  const wanted = asked.fault ?? readFindArguments(message.bytes, asked.args);
  if (typeof wanted === 'string') return answerFault(deps, call, message, wanted);
  const { query, server, limit } = wanted;
  const { entries, missing } = await searchable(deps, call);
  const among = server === undefined ? entries : entries.filter((entry) => entry.server.slug === server);
  const found = query.trim() === '' ? among : rank(await ranked(among), query).map((i) => among[i]!);
  const tools = found.slice(0, limit).map(briefly);
  const result = {
    tools,
    ...(found.length > tools.length ? { more: found.length - tools.length } : {}),
    ...(missing.length > 0 ? { unavailable: missing.map(({ slug }) => slug) } : {}),
  };
  answerText(deps, call, message, JSON.stringify(result));
}

/** Reading many tools for the first time takes a while, and calls go first. */
async function ranked(entries: readonly CatalogueEntry[]): Promise<Ranked[]> {
  const tools: Ranked[] = [];
  let read = 0;
  for (const { server, definition } of entries) {
    if (knownWords(definition) === undefined && ++read % readAtOnce === 0) await turn();
    tools.push({ server, words: toolWords(definition) });
  }
  return tools;
}

const briefly = ({ name, server, definition }: CatalogueEntry): object => ({
  name,
  server: server.slug,
  description: briefOf(definition),
});

const briefs = new WeakMap<Definition, string>();

/** The first sentence of what a tool says of itself: read once, since a definition may be as long as a book. */
function briefOf(definition: Definition): string {
  let brief = briefs.get(definition);
  if (brief === undefined) {
    const { title, description } = saidOf(definition);
    const said = description === '' ? title : description;
    const start = clip(said, shownCharacters);
    const sentence = /^[^\n]*?(?:[.!?](?=\s|$)|。)/u.exec(start)?.[0];
    brief = sentence ?? (start.length < said.length ? `${start}…` : start);
    briefs.set(definition, brief);
  }
  return brief;
}
