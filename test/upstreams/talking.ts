import { createServer, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

export interface TalkingUpstream extends AsyncDisposable {
  readonly url: string;
  /** Calls that wait for their answer. */
  readonly waiting: number;
  /** Report progress to each of them, with a message of so many characters. */
  say(progress: number, characters?: number): void;
  /** Answer each of them with a text. */
  finish(text: string): void;
  /** Requests it was told to cancel. */
  readonly cancelled: number;
}

interface Call {
  readonly res: ServerResponse;
  readonly id: unknown;
  readonly progressToken: unknown;
}

/** A legacy upstream with one tool, `talk`, that says what the test has it say while its call is open. */
export async function startTalkingUpstream(): Promise<TalkingUpstream> {
  const calls = new Set<Call>();
  let cancelled = 0;
  const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      if (req.method !== 'POST') return res.writeHead(405).end();
      const { id, method, params } = JSON.parse(text) as {
        id?: unknown;
        method: string;
        params?: { _meta?: { progressToken?: unknown } };
      };
      const reply = (result: object): unknown =>
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      if (method === 'notifications/cancelled') cancelled++;
      if (id === undefined) return res.writeHead(202).end();
      if (method === 'initialize')
        return reply({
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'talks', version: '1' },
        });
      if (method === 'tools/list') return reply({ tools: [{ name: 'talk', inputSchema: { type: 'object' } }] });
      if (method !== 'tools/call') return reply({});
      const call: Call = { res, id, progressToken: params?._meta?.progressToken };
      calls.add(call);
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      res.on('close', () => calls.delete(call));
    });
  });
  const base = await listen(server);
  return {
    url: `${base.origin}/mcp`,
    get waiting() {
      return calls.size;
    },
    get cancelled() {
      return cancelled;
    },
    say(progress, characters = 0) {
      for (const { res, progressToken } of calls) {
        const params = { progressToken, progress, message: 'x'.repeat(characters) };
        res.write(event({ method: 'notifications/progress', params }));
      }
    },
    finish(said) {
      for (const { res, id } of calls) res.end(event({ id, result: { content: [{ type: 'text', text: said }] } }));
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}
