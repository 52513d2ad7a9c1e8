/** A stdio server of the modern generation only (2026-07-28), made with the SDK: it refuses `initialize`. */
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

if (import.meta.main) {
  serveStdio(
    () => {
      const server = new McpServer({ name: 'modern', version: '1.0.0' }, { capabilities: { tools: {} } });
      server.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, ({ name }) => ({
        content: [{ type: 'text', text: `Hello, ${name}` }],
      }));
      return server;
    },
    { legacy: 'reject' },
  );
}
