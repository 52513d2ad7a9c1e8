import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { mkdtempDisposableSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { legacyVersions, modernVersions } from '../../packages/server/src/domain/protocol.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { connectCommand } from '../stdio-client.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const packageFile = (name: string, file: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);

/** One denied tool, asked for by every route, revision and transport there is; its neighbour shows that the route works. */
const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let token: string;

beforeAll(async () => {
  product = stack.use(await startProduct());
  const params = { workspace: product.workspace };
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['drop', 'look'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  const { id } = await product.client.members.add({ params, body: { email: 'junior@example.com' } });
  token = (await product.client.tokens.issue({ params, body: { kind: 'member', memberId: id, label: 't' } })).secret;
  const body = { effect: 'deny', subject: 'member:junior@example.com', object: 'github:drop' } as const;
  await product.client.rules.create({ params, body });
  await until('it is denied', async () => (await product.call('drop', {}, { token })).message.error?.code === -32003);
}, 30_000);
afterAll(() => stack.disposeAsync());

const sent = (tool: string): number => upstream.calls().filter(({ params: its }) => its['name'] === tool).length;
const urls = ['workspace', 'server'] as const;
const at = (url: (typeof urls)[number]) => (url === 'server' ? { token, server: 'github' } : { token });
const accepts = ['application/json', 'text/event-stream', 'application/json, text/event-stream', '*/*'] as const;
const asking = (name: string, more: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: {}, _meta: { progressToken: 1, ...more } },
});

/** By every way the neighbour is called once, and the denied tool never reaches its server. */
async function never(work: (name: string) => Promise<number | undefined>): Promise<void> {
  const before = [sent('drop'), sent('look')];
  expect([await work('drop'), await work('look')]).toEqual([-32003, undefined]);
  expect([sent('drop'), sent('look')]).toEqual([before[0], before[1]! + 1]);
}

describe.each(urls)('[L2-05][GW-18] a denied tool stays denied at the URL of the %s', (url) => {
  it.each(legacyVersions.flatMap((version) => accepts.map((accept) => [version, accept] as const)))(
    '[GW-18] in a session of %s that reads %s',
    async (version, accept) => {
      const session = await openSession(product, { ...at(url), version });
      const headers = { ...session.headers, accept };
      await never(async (name) => (await product.rpc(asking(name), { ...at(url), headers })).message.error?.code);
      const listed = await product.rpc({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, { ...at(url), headers });
      expect((listed.message.result!['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['look']);
    },
  );

  it.each([undefined, ...legacyVersions])('[GW-18] without a session, naming the revision %s', async (version) => {
    const headers = { 'mcp-protocol-version': version };
    await never(async (name) => (await product.rpc(asking(name), { ...at(url), headers })).message.error?.code);
  });

  it.each(modernVersions)('[GW-18] in requests of %s', async () => {
    await never(
      async (name) => (await product.modern('tools/call', { name, arguments: {} }, at(url))).message.error?.code,
    );
    const { result } = (await product.modern('tools/list', {}, at(url))).message;
    expect((result!['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['look']);
  });

  it('[GW-18] by another name, in a batch, as a notification, as a task or under a name of the request', async () => {
    const before = sent('drop');
    for (const name of ['github_drop', 'github__drop', 'github:drop', 'DROP', 'drop ', 'drop\u0000']) {
      expect((await product.rpc(asking(name), at(url))).message.error).toBeDefined();
    }
    const batch = await product.rpc([asking('drop')], at(url));
    expect([batch.status, batch.message.error?.code]).toEqual([400, -32600]);
    const { id: _, ...notification } = asking('drop');
    expect((await product.rpc(notification, at(url))).status).toBe(202);
    const task = { ...asking('drop'), params: { name: 'drop', arguments: {}, task: { ttl: 60_000 } } };
    expect((await product.rpc(task, at(url))).message.error?.code).toBe(-32003);
    const named = asking('drop', { 'mcpnest.dev/request-id': 'again' });
    for (let i = 0; i < 2; i++) expect((await product.rpc(named, at(url))).message.error?.code).toBe(-32003);
    expect(sent('drop')).toBe(before);
  });
});

describe('[GW-18] a denied tool stays denied by every client', () => {
  const requestInit = () => ({ headers: { authorization: `Bearer ${token}` } });
  const remote = (home: string) => {
    const proxy = packageFile('mcp-remote', 'dist/proxy.js');
    const args = [product.gateway(), '--allow-http', '--transport', 'http-only', '--header', 'Authorization:${AUTH}'];
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, AUTH: `Bearer ${token}` };
    return { command: process.execPath, args: [proxy, ...args], env };
  };

  it.each(['SDK v1', 'SDK v2', 'connect --stdio', 'mcp-remote'] as const)(
    '[GW-18] %s',
    async (way) => {
      using home = mkdtempDisposableSync(join(tmpdir(), 'mcpnest-denied-'));
      const url = new URL(product.gateway());
      const client =
        way === 'SDK v2'
          ? new ClientV2({ name: 'v2', version: '1' }, { versionNegotiation: { mode: { pin: modernVersions[0] } } })
          : new ClientV1({ name: 'v1', version: '1' });
      if (client instanceof ClientV2) await client.connect(new TransportV2(url, { requestInit: requestInit() }));
      else if (way === 'SDK v1') await client.connect(new TransportV1(url, { requestInit: requestInit() }));
      else {
        const command =
          way === 'mcp-remote' ? remote(home.path) : connectCommand(product.gateway(), { MCPNEST_TOKEN: token });
        await client.connect(new StdioClientTransport({ ...command, stderr: 'ignore' }));
      }
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['look']);
      await never((name) =>
        client.callTool({ name, arguments: {} }).then(
          () => undefined,
          (error: Error & { code?: number }) => error.code,
        ),
      );
      await client.close();
    },
    60_000,
  );
});
