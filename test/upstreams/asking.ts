import { createServer, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/**
 * A legacy upstream with one tool, `ask`, that pings its client within the answer's stream and says nothing more until
 * the ping is answered.
 */
export async function startAskingUpstream(): Promise<{ url: string } & AsyncDisposable> {
  const waiting = new Map<string, { res: ServerResponse; id: string }>();
  const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
  let pings = 0;
  const server = createServer((req, res) => {
    if (req.method !== 'POST') return void res.writeHead(405).end();
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const { id, method, result } = JSON.parse(text) as { id?: string; method?: string; result?: unknown };
      const reply = (message: object): void => {
        res
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, ...message }));
      };
      if (method === undefined) {
        res.writeHead(202).end();
        const call = waiting.get(id!);
        waiting.delete(id!);
        call?.res.end(event({ id: call.id, result: { content: [], structuredContent: { pong: result } } }));
      } else if (method === 'initialize') {
        reply({
          result: { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'asks', version: '1' } },
        });
      } else if (method === 'tools/list')
        reply({ result: { tools: [{ name: 'ask', inputSchema: { type: 'object' } }] } });
      else if (method === 'tools/call') {
        const ping = `ping-${++pings}`;
        waiting.set(ping, { res, id: id! });
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write(event({ id: ping, method: 'ping' }));
      } else if (id === undefined) res.writeHead(202).end();
      else reply({ error: { code: -32601, message: 'Method not found' } });
    });
  });
  const base = await listen(server);
  return { url: `${base.origin}/mcp`, [Symbol.asyncDispose]: () => base[Symbol.asyncDispose]() };
}
