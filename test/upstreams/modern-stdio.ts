/** A stdio server of the modern generation only (2026-07-28), made with the SDK: it refuses `initialize`. */
import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

if (import.meta.main) {
  serveStdio(
    () => {
      const server = new McpServer({ name: 'modern', version: '1.0.0' }, { capabilities: { tools: {} } });
      const inputSchema = fromJsonSchema<{ name: string }>({
        type: 'object',
        properties: { name: { type: 'string' } },
      });
      server.registerTool('greet', { inputSchema }, ({ name }) => ({
        content: [{ type: 'text', text: `Hello, ${name}` }],
      }));
      return server;
    },
    { legacy: 'reject' },
  );
}
