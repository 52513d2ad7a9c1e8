import { createServer } from 'node:http';
import { createMcpHandler, Server, type ServerNotifier } from '@modelcontextprotocol/server';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { listen } from './listen.ts';

export interface ModernNewsUpstream extends AsyncDisposable {
  readonly url: string;
  readonly notify: ServerNotifier;
  /** Filters of the `subscriptions/listen` requests so far. */
  readonly listens: readonly Record<string, unknown>[];
  /** `listen` streams that are open. */
  open(): number;
}

/** A modern upstream of the SDK with one resource, which tells its news on `subscriptions/listen`. */
export async function startModernNewsUpstream(): Promise<ModernNewsUpstream> {
  const listens: Record<string, unknown>[] = [];
  let open = 0;
  const handler = createMcpHandler(() => {
    const capabilities = { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } };
    const server = new Server({ name: 'news', version: '1' }, { capabilities });
    server.setRequestHandler('tools/list', () => ({ tools: [] }));
    server.setRequestHandler('tools/call', ({ params }, context) => ({
      content: [],
      structuredContent: { name: params.name, meta: context.mcpReq._meta ?? {} },
    }));
    return server;
  });
  const serve = toNodeHandler(handler);
  const http = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { method?: string; params?: object };
      if (body.method === 'subscriptions/listen') {
        listens.push((body.params as { notifications: Record<string, unknown> }).notifications);
        open++;
        res.on('close', () => open--);
      }
      void serve(req as Parameters<typeof serve>[0], res, body);
    });
  });
  const base = await listen(http);
  return {
    url: `${base.origin}/mcp`,
    notify: handler.notify,
    listens,
    open: () => open,
    async [Symbol.asyncDispose]() {
      await handler.close();
      await base[Symbol.asyncDispose]();
    },
  };
}
