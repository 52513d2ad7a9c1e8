import type { Client as ClientV2 } from '@modelcontextprotocol/client';
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { expect } from 'vitest';

/** What every client must be able to do with an echo upstream that has `ping_tool` and the published everything server. */
export async function listAndCall(
  client: Pick<ClientV1, 'listTools' | 'callTool'> | Pick<ClientV2, 'listTools' | 'callTool'>,
): Promise<void> {
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(['ping_tool', 'echo']));
  const own = await client.callTool({ name: 'ping_tool', arguments: { a: 1 } });
  expect(own.content).toEqual([{ type: 'text', text: 'called ping_tool' }]);
  const real = await client.callTool({ name: 'echo', arguments: { message: 'to the real server' } });
  expect(JSON.stringify(real.content)).toContain('to the real server');
}
