import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createServer } from 'node:http';
import { stateCodec, inputTools } from './conformance/input-tools.ts';
import { listen } from './listen.ts';

/**
 * A stateless server of the newer kind alone (SDK v2, 2026-07-28; `initialize` is refused) whose tools answer
 * `input_required` first.
 */
export async function startAskingModernUpstream(): Promise<{ readonly url: string } & AsyncDisposable> {
  const events = { toolsChanged: () => undefined, promptsChanged: () => undefined, toolChanges: 0, promptChanges: 0 };
  const handler = createMcpHandler(
    () => {
      const server = new Server(
        { name: 'asks-modern', version: '1' },
        { capabilities: { tools: {} }, requestState: { verify: stateCodec.verify } },
      );
      server.setRequestHandler('tools/list', () => ({
        tools: Object.entries(inputTools).map(([name, { description, inputSchema }]) => ({
          name,
          description,
          inputSchema,
        })),
      }));
      server.setRequestHandler('tools/call', ({ params }, context) => {
        const tool = Object.hasOwn(inputTools, params.name) ? inputTools[params.name] : undefined;
        if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool');
        return tool.run(params.arguments ?? {}, context, events);
      });
      return server;
    },
    { legacy: 'reject' },
  );
  const serve = toNodeHandler(handler);
  const base = await listen(createServer((req, res) => void serve(req as Parameters<typeof serve>[0], res)));
  return {
    url: `${base.origin}/mcp`,
    async [Symbol.asyncDispose]() {
      await handler.close();
      await base[Symbol.asyncDispose]();
    },
  };
}
