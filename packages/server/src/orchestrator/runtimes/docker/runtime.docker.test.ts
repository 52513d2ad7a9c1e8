import { hash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { ensureNodeImage, type TestImage } from '../../../../../../test/servers/docker-image.ts';
import { hostedHost } from '../../../domain/hosted/workload.ts';
import { createLog } from '../../../platform/log.ts';
import { describeRuntime } from '../runtime.contract.ts';
import { createDockerRuntime } from './docker.ts';

const bridge = fileURLToPath(new URL('../../../../../bridge/', import.meta.url));
/** The least that is a stdio server. */
const server = `
  import { createInterface } from 'node:readline';
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const serverInfo = { name: 'least', version: '1' };
    const result = method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo }
      : method === 'tools/list' ? { tools: [] } : {};
    process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  }`;

async function makeImage(socketPath: string): Promise<TestImage> {
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

describeRuntime('Docker as a runtime', async () => {
  const socketPath = inject('dockerSocket');
  const image = await makeImage(socketPath);
  const log = createLog('silent');
  const open = () => createDockerRuntime({ socketPath, install: `test-${randomUUID()}`, gateImage: image.digest }, log);
  const [runtime, foreign] = [open(), open()];
  return {
    runtime,
    foreign,
    readyMs: 15_000,
    serving: ['node', '/opt/server.mjs'],
    failing: ['node', '-e', 'console.error("no key given"); process.exit(3)'],
    spec: (instanceId, changed = false) => ({
      instanceId,
      workspaceId: 'w',
      image,
      cpus: 0.5,
      memoryBytes: 256 * 1024 ** 2,
      pids: 128,
      scratch: [{ path: '/tmp', bytes: 8 * 1024 ** 2 }],
      egress: [],
      forwards: [],
      settings: {
        MCP_BRIDGE_ALLOWED_HOSTS: `${hostedHost(instanceId)},127.0.0.1,localhost`,
        MCP_BRIDGE_MAX_RESTARTS: '0',
      },
      hash: hash('sha256', String(changed), 'hex'),
    }),
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await foreign[Symbol.asyncDispose]();
    },
  };
});
