import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

interface Rpc {
  readonly id?: string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly bytes?: number } };
  readonly error?: unknown;
}

const form = { type: 'object', properties: {} };

/**
 * An upstream that asks before it answers and takes much room for it. `ask` asks with so many bytes and waits for
 * the reply, which it answers `asked` or `refused`; `chat` says as many before it asks little; `hold` answers nothing.
 * @param generation `legacy` asks on the stream, `modern` answers `input_required`, padded
 */
export async function startQuestioner(
  generation: 'legacy' | 'modern',
): Promise<{ readonly url: string } & AsyncDisposable> {
  const waiting = new Map<string, (refused: boolean) => void>();
  let count = 0;
  const call = (res: ServerResponse, { id, params }: Rpc, reply: (result: object) => void): void => {
    const padding = 'x'.repeat(params?.arguments?.bytes ?? 0);
    if (params?.name === 'hold') return;
    if (params?.name === 'plain') return reply({ content: [{ type: 'text', text: 'plain' }] });
    if (generation === 'modern') {
      const inputRequests = { a: { method: 'elicitation/create', params: { message: '?', requestedSchema: form } } };
      return reply({ resultType: 'input_required', inputRequests, requestState: 's', padding });
    }
    const say = (message: object): unknown => res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const [said, asked] = params?.name === 'chat' ? [padding, ''] : ['', padding];
    if (said !== '') say({ method: 'notifications/message', params: { level: 'debug', data: said } });
    const question = `q${++count}`;
    waiting.set(question, (refused) => {
      say({ id, result: { content: [{ type: 'text', text: refused ? 'refused' : 'asked' }] } });
      res.end();
    });
    say({ id: question, method: 'elicitation/create', params: { message: asked, requestedSchema: form } });
  };
  const answer = (req: IncomingMessage, res: ServerResponse, message: Rpc): void => {
    const reply = (result: object): void => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    };
    const tools = ['ask', 'chat', 'hold', 'plain'].map((name) => ({ name, inputSchema: form }));
    const about = { capabilities: { tools: {} }, serverInfo: { name: 'questioner', version: '1' } };
    if (message.method === undefined) {
      res.writeHead(202).end();
      waiting.get(message.id!)?.(message.error !== undefined);
    } else if (message.method === 'server/discover' && generation === 'modern')
      reply({ resultType: 'complete', supportedVersions: ['2026-07-28'], ttlMs: 1, cacheScope: 'private', ...about });
    else if (message.method === 'initialize' && generation === 'legacy') {
      res.setHeader('mcp-session-id', `s${++count}`);
      reply({ protocolVersion: '2025-06-18', ...about });
    } else if (message.method === 'tools/list') reply({ resultType: 'complete', tools });
    else if (message.method === 'tools/call') call(res, message, reply);
    else if (message.id === undefined) res.writeHead(202).end();
    else res.writeHead(req.method === 'GET' ? 405 : 400).end();
  };
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      if (req.method === 'POST') answer(req, res, JSON.parse(Buffer.concat(chunks).toString('utf8')) as Rpc);
      else res.writeHead(405).end();
    });
  });
  const base = await listen(server);
  return { url: `${base.origin}/mcp`, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}
