import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let authorization: string;
beforeAll(async () => {
  product = stack.use(await startProduct());
  const upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['ping_tool'] }));
  await product.addServer({ slug: 'test', url: upstream.url });
  authorization = `Bearer ${product.workspaceToken}`;
}, 30_000);
afterAll(() => stack.disposeAsync());

const packageFile = (name: string, file: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
const connections = async () =>
  (await product.client.connections.list({ params: { workspace: product.workspace } })).items;
const connectionOf = async (client: string) => (await connections()).find((each) => each.client.startsWith(client));

it('[NEW-07] SDK v1 is known by name and version, and as stale when its tools change until it reads them again', async () => {
  const client = new ClientV1({ name: 'sdk-v1', version: '1.2.3' });
  await client.connect(new TransportV1(new URL(product.gateway()), { requestInit: { headers: { authorization } } }));
  const known = { version: '1.2.3', era: 'legacy', revision: '2025-11-25', server: null, kind: 'workspace' };
  await vi.waitFor(async () => expect(await connectionOf('sdk-v1')).toMatchObject({ ...known, toolsReadAt: null }));
  await client.listTools();
  await vi.waitFor(async () =>
    expect(await connectionOf('sdk-v1')).toMatchObject({ toolsReadAt: expect.any(String) as string, staleSince: null }),
  );
  await product.client.servers.update({
    params: { workspace: product.workspace, server: 'test' },
    body: { prefix: 'new' },
  });
  await vi.waitFor(async () => expect((await connectionOf('sdk-v1'))?.staleSince).toEqual(expect.any(String)), 5_000);
  await client.listTools();
  await vi.waitFor(async () => expect(await connectionOf('sdk-v1')).toMatchObject({ staleSince: null }), 5_000);
  await client.close();
});

it('[NEW-07] SDK v2 is known in the modern era, at the URL of one server', async () => {
  const client = new ClientV2(
    { name: 'sdk-v2', version: '2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const url = new URL(product.gateway('test'));
  await client.connect(new TransportV2(url, { requestInit: { headers: { authorization } } }));
  await client.listTools();
  await vi.waitFor(async () =>
    expect(await connectionOf('sdk-v2')).toMatchObject({ version: '2', era: 'modern', server: 'test' }),
  );
  await client.close();
});

it('[NEW-07] mcp-remote and the Inspector are known by what they call themselves', async () => {
  const home = mkdtempSync(join(tmpdir(), 'mcpnest-connections-'));
  const env = { ...nodeEnvironment, HOME: home };
  const header = ['--header', `Authorization: ${authorization}`];
  const client = new ClientV1({ name: 'carried', version: '1' });
  const proxy = packageFile('mcp-remote', 'dist/proxy.js');
  const url = product.gateway();
  await client.connect(
    new StdioClientTransport({
      ...{ command: process.execPath, args: [proxy, url, '--allow-http', ...header], env, stderr: 'ignore' },
    }),
  );
  await client.listTools();
  await vi.waitFor(async () => expect(await connectionOf('carried')).toMatchObject({ era: 'legacy' }));
  await client.close();
  const inspector = packageFile('@modelcontextprotocol/inspector', 'clients/launcher/build/index.js');
  const args = [inspector, '--cli', url, '--transport', 'http', ...header, '--method', 'tools/list'];
  await promisify(execFile)(process.execPath, args, { env, timeout: 30_000 });
  await vi.waitFor(async () => expect(await connectionOf('inspector')).toMatchObject({ kind: 'workspace' }));
  rmSync(home, { recursive: true });
}, 60_000);

it('a token that names itself anew each time is remembered twenty times and no more', async () => {
  for (let n = 0; n < 30; n++) {
    const clientInfo = { name: `many-${n}`, version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    await product.rpc({ jsonrpc: '2.0', id: n, method: 'initialize', params });
  }
  await vi.waitFor(async () => expect(await connectionOf('many-29')).toBeDefined());
  expect((await connections()).length).toBe(20);
});

it('clients of a token that has ended are no longer listed, and nobody sees those of others', async () => {
  const params = { workspace: product.workspace };
  const { token, secret } = await product.client.tokens.issue({ params, body: { label: 'ends' } });
  await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token: secret });
  await vi.waitFor(async () => expect(JSON.stringify(await connections())).toContain(token.id));
  await product.client.tokens.revoke({ params: { ...params, token: token.id } });
  expect(JSON.stringify(await connections())).not.toContain(token.id);
});
