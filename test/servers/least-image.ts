import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNodeImage, type TestImage } from './docker-image.ts';

const bridge = fileURLToPath(new URL('../../packages/bridge/', import.meta.url));

/** The least that is a stdio server: it counts how often it was called, in its memory. */
const server = `
  import { createInterface } from 'node:readline';
  let calls = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const serverInfo = { name: 'least', version: '1' };
    const result = method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo }
      : method === 'tools/list' ? { tools: [{ name: 'count', inputSchema: { type: 'object' } }] }
      : method === 'tools/call' ? { content: [{ type: 'text', text: 'call ' + ++calls }] } : {};
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  }`;

/** What starts that server in its image. */
export const leastCommand: readonly string[] = ['node', '/opt/server.mjs'];

/** An image of the real bridge with that server, made without any registry. */
export async function ensureLeastImage(socketPath: string): Promise<TestImage> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-least-'));
  try {
    writeFileSync(join(folder, 'server.mjs'), server);
    const files = ['bin', 'src', 'package.json'].map((name) => [join(bridge, name), `/opt/bridge/${name}`] as const);
    const all = [...files, [join(folder, 'server.mjs'), '/opt/server.mjs'] as const];
    return await ensureNodeImage(socketPath, 'mcpnest-test/bridge', all, '/opt/bridge/bin/mcpnest-bridge.mjs');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
