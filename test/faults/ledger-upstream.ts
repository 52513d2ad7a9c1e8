import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEchoUpstream, type EchoOptions, type SeenRequest } from '../upstreams/echo.ts';
import { traceOf } from './traces.ts';

/** How a call ends, by the name of its tool. `guarded` is a tool like any other: it is the gateway that holds it back. */
export const endings = ['read', 'fail', 'object', 'break', 'hang', 'slow', 'guarded'] as const;
export type Ending = (typeof endings)[number];

export interface LedgerUpstream extends AsyncDisposable {
  readonly url: string;
  /** Tool of each call that arrived, by trace. */
  readonly book: ReadonlyMap<string, string>;
  /** Calls that arrived a second time; there must be none. */
  readonly twice: readonly string[];
}

/** An upstream that keeps a book of every call, and whose tools end as their names say. */
export async function startLedgerUpstream(
  era: NonNullable<EchoOptions['era']>,
  tools: readonly Ending[],
): Promise<LedgerUpstream> {
  const book = new Map<string, string>();
  const twice: string[] = [];
  const intercept = (request: SeenRequest, id: string, res: ServerResponse): boolean => {
    if (request.method !== 'tools/call') return false;
    const tool = String(request.params['name']) as Ending;
    const trace = traceOf(request.params) ?? 'untraced';
    if (book.has(trace)) twice.push(trace);
    book.set(trace, tool);
    end(tool, id, res);
    return true;
  };
  const upstream = await startEchoUpstream({ era, tools, intercept });
  return { url: upstream.url, book, twice, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
}

function end(tool: Ending, id: string, res: ServerResponse): void {
  const answer = (rest: string): void =>
    void res.writeHead(200, { 'content-type': 'application/json' }).end(`{"jsonrpc":"2.0","id":${id},${rest}}`);
  const said = '"content":[{"type":"text","text":"done"}],"resultType":"complete"';
  switch (tool) {
    case 'hang':
      return;
    case 'break':
      return void res.writeHead(500).end();
    case 'object':
      return answer('"error":{"code":-31234,"message":"I object"}');
    case 'fail':
      return answer(`"result":{${said},"isError":true}`);
    case 'slow':
      return void sleep(1_000, undefined, { ref: false }).then(() => answer(`"result":{${said}}`));
    case 'read':
    case 'guarded':
      return answer(`"result":{${said}}`);
  }
}
