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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAndCall } from '../clients.ts';
import { startProduct, type Product } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let authorization: string;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['ping_tool'] }));
  const everything = stack.use(await startEverything());
  await product.addServer({ slug: 'test', url: upstream.url });
  await product.addServer({ slug: 'everything', url: everything.url });
  authorization = `Bearer ${product.workspaceToken}`;
}, 30_000);
afterAll(() => stack.disposeAsync());

const packageFile = (name: string, file: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);

describe('clients people use', () => {
  it('[GW-02] SDK v1 lists and calls', async () => {
    const client = new ClientV1({ name: 'sdk-v1', version: '1' });
    const transport = new TransportV1(new URL(product.gateway()), { requestInit: { headers: { authorization } } });
    await client.connect(transport);
    await listAndCall(client);
    await transport.terminateSession();
    await client.close();
  });

  it.each(['legacy', 'auto', '2026-07-28'] as const)('[GW-02] SDK v2 lists and calls (%s)', async (mode) => {
    const versionNegotiation = { mode: mode === '2026-07-28' ? { pin: mode } : mode };
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation });
    const transport = new TransportV2(new URL(product.gateway()), { requestInit: { headers: { authorization } } });
    await client.connect(transport);
    await listAndCall(client);
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28');
    await client.close();
  });

  it('[GW-02] the MCP Inspector lists and calls', async () => {
    const entry = packageFile('@modelcontextprotocol/inspector', 'clients/launcher/build/index.js');
    const home = mkdtempSync(join(tmpdir(), 'mcpnest-inspector-'));
    const inspect = async (...args: string[]): Promise<unknown> => {
      const all = [
        entry,
        '--cli',
        product.gateway(),
        '--transport',
        'http',
        '--header',
        `Authorization: ${authorization}`,
        ...args,
      ];
      const { stdout } = await promisify(execFile)(process.execPath, all, {
        env: { ...nodeEnvironment, HOME: home },
        timeout: 30_000,
      });
      return JSON.parse(stdout);
    };
    const list = (await inspect('--method', 'tools/list')) as { tools: { name: string }[] };
    expect(list.tools.map((tool) => tool.name)).toContain('ping_tool');
    const called = await inspect('--method', 'tools/call', '--tool-name', 'ping_tool');
    expect(JSON.stringify(called)).toContain('called ping_tool');
    rmSync(home, { recursive: true });
  }, 60_000);

  it('[GW-02] mcp-remote carries a stdio client through', async () => {
    const home = mkdtempSync(join(tmpdir(), 'mcpnest-remote-'));
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        packageFile('mcp-remote', 'dist/proxy.js'),
        product.gateway(),
        '--allow-http',
        '--transport',
        'http-only',
        '--header',
        'Authorization:${AUTH_HEADER}',
      ],
      env: { ...nodeEnvironment, HOME: home, AUTH_HEADER: authorization },
      stderr: 'pipe',
    });
    const client = new ClientV1({ name: 'stdio-client', version: '1' });
    await client.connect(transport);
    await listAndCall(client);
    await client.close();
    rmSync(home, { recursive: true });
  }, 60_000);
});
