import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { send, type Sent } from '../http.ts';
import { pick } from './extent.ts';
import { newTrace } from './traces.ts';
import { slugs, toolsOf, type Principal, type ServerSlug, type Town } from './town.ts';

/** A call to be made. */
export interface Errand {
  readonly who: Principal;
  readonly server: ServerSlug;
  /** A tool of the server, or one that nobody has. */
  readonly tool: string;
  readonly era: 'bare' | 'legacy' | 'modern';
  /** Whether it goes to the server's own URL or to that of the workspace, where names have prefixes. */
  readonly direct: boolean;
  /** Milliseconds until the caller goes away; undefined: it waits. */
  readonly leaveAfterMs: number | undefined;
}

/** What a caller knows of a call it made. */
export interface Entry extends Errand {
  readonly trace: string;
  /** `closed`: the connection ended without an answer. Numbers are codes of JSON-RPC errors. */
  readonly saw: 'ok' | 'tool_error' | 'closed' | number;
}

const unknownTool = 'no_such_tool';

/** A call nobody has thought of. */
export function invent(random: () => number): Errand {
  const server = pick(
    random,
    slugs.map((slug) => [slug, slug === 'narrow' ? 0.5 : slug === 'silent' ? 0.6 : 1]),
  );
  const tool = pick<string>(random, [
    ...toolsOf(server).map((name): [string, number] => [name, name === 'read' ? 10 : name === 'slow' ? 0.5 : 2]),
    [unknownTool, 1],
  ]);
  const era = pick(random, [
    ['bare', 1],
    ['legacy', 1],
    ['modern', 1],
  ] as const);
  const who = pick(random, [
    ['junior', 2],
    ['senior', 2],
    ['lead', 1],
    ['ci', 1],
    ['workspace', 1],
  ] as const);
  // A legacy client that only loses its connection has not cancelled: its call runs on.
  const welcome = server === 'old' || server === 'new' || (server === 'both' && who !== 'junior');
  const leaves = tool === 'slow' && era !== 'legacy' && welcome;
  return {
    who,
    server,
    tool,
    era,
    direct: random() < 0.5,
    leaveAfterMs: leaves ? 5 + random() * 200 : undefined,
  };
}

/** Make the call and say how it went, as its caller sees it. */
export async function run({ product, tokens, sessions }: Town, agent: Agent, errand: Errand): Promise<Entry> {
  const { who, server, era, direct, leaveAfterMs } = errand;
  const trace = newTrace();
  const name = direct ? errand.tool : `${server}_${errand.tool}`;
  const session = sessions.get(`${who} ${direct ? server : ''}`);
  const modern = era === 'modern';
  const _meta = {
    traceparent: trace.parent,
    ...(modern
      ? {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'books', version: '1' },
        }
      : {}),
  };
  const headers = {
    authorization: `Bearer ${tokens[who]}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(modern ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name } : {}),
    ...(era === 'legacy' ? session : {}),
  };
  const params = { name, arguments: { trace: trace.id }, _meta };
  const abort = new AbortController();
  const leaving = leaveAfterMs === undefined ? undefined : setTimeout(() => abort.abort(), leaveAfterMs);
  const answer = await send(product.gateway(direct ? server : undefined), {
    headers,
    body: JSON.stringify({ jsonrpc: '2.0', id: trace.id, method: 'tools/call', params }),
    agent,
    signal: abort.signal,
  }).catch(() => undefined);
  clearTimeout(leaving);
  return { ...errand, trace: trace.id, saw: answer === undefined ? 'closed' : verdict(answer, trace.id) };
}

function verdict({ status, text, message }: Sent, id: string): Entry['saw'] {
  // Where nothing may be known of, the request is not read.
  if (status === 404 && message.id === null) return 404;
  if (message.id !== id) throw new Error(`${status} answers another request: ${text.slice(0, 200)}`);
  if (message.error !== undefined) return message.error.code;
  return message.result?.['isError'] === true ? 'tool_error' : 'ok';
}

/** Make many calls, so many at once. @param each is told the number done so far */
export async function runMany(
  town: Town,
  count: number,
  concurrency: number,
  random: () => number,
  each: (done: number) => void,
): Promise<Entry[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const book: Entry[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started++ < count) {
      book.push(await run(town, agent, invent(random)));
      each(book.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  // Who went away has no answer to wait for; the gateway may still be at it.
  await sleep(300);
  return book;
}
