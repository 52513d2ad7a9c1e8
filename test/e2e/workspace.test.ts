import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ tools: ['echo'] }));
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

describe('credentials of servers', () => {
  it('[GW-11] sends the stored credential upstream and never shows it again', async () => {
    const params = { workspace: product.workspace, server: 'echo' };
    const secret = 'upstream-secret-5d1c';
    const changed = await product.client.servers.setCredential({ params, body: { headers: { 'X-Api-Key': secret } } });
    expect(changed.credential?.headers).toEqual(['x-api-key']);
    expect(JSON.stringify(changed)).not.toContain(secret);
    await expect
      .poll(async () => {
        await product.call('echo');
        return upstream.calls().at(-1)?.headers['x-api-key'];
      })
      .toBe(secret);
    expect(JSON.stringify(await product.client.servers.show({ params }))).not.toContain(secret);
    await product.client.servers.setCredential({ params, body: { bearer: 'other-token' } });
    await expect
      .poll(async () => {
        await product.call('echo');
        return upstream.calls().at(-1)?.headers.authorization;
      })
      .toBe('Bearer other-token');
    await product.client.servers.clearCredential({ params });
    await expect
      .poll(async () => {
        await product.call('echo');
        return upstream.calls().at(-1)?.headers.authorization;
      })
      .toBeUndefined();
  });
});

describe('health', () => {
  it('[GW-13] is in the answer of the gateway for those who ask', async () => {
    await product.call('echo');
    const asked = await product.rpc({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: { _meta: { 'mcpnest.dev/health': true } },
    });
    const meta = asked.message.result?.['_meta'] as Record<string, unknown>;
    const health = meta['mcpnest.dev/health'] as Record<string, Record<string, unknown>>;
    expect(health['echo']?.['state']).toBe('healthy');
    expect(Object.keys(health['echo'] ?? {}).sort()).toEqual(['lastErrorClass', 'latencyMs', 'since', 'state']);
    const plain = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
    expect(plain.message.result?.['_meta']).toBeUndefined();
  });

  it('[GW-13] turns when the server goes away, in the gateway and in the API', async () => {
    const doomed = await startEchoUpstream({ tools: ['doomed'] });
    await product.addServer({ slug: 'doomed', url: doomed.url });
    const params = { workspace: product.workspace, server: 'doomed' };
    await product.call('doomed');
    await expect.poll(async () => (await product.client.servers.health({ params })).state).toBe('healthy');
    await doomed[Symbol.asyncDispose]();
    for (let i = 0; i < 4; i++) await product.call('doomed');
    await expect.poll(async () => (await product.client.servers.health({ params })).state).toBe('down');
    const health = await product.client.servers.health({ params });
    expect(health.lastErrorClass).toBe('connect');
    expect(health.since).not.toBeNull();
    await product.client.servers.remove({ params });
  });
});

describe('who may change what', () => {
  it('[GW-16] leaves a member no way to add a server', async () => {
    const { workspace } = product;
    const member = await product.client.members.add({
      params: { workspace },
      body: { email: 'dev@example.com', role: 'member' },
    });
    const issued = await product.client.apiKeys.issue({
      params: { workspace },
      body: { email: member.email, role: 'member', label: 'dev' },
    });
    const refused = await send(`${product.url}/api/v1/workspaces/${workspace}/servers`, {
      headers: { authorization: `Bearer ${issued.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Mine', url: upstream.url }),
    });
    expect(refused.status).toBe(403);
    const servers = await product.client.servers.list({ params: { workspace } });
    expect(servers.items.map((server) => server.slug)).toEqual(['echo']);
  });

  it('[GW-17] goes back to an earlier revision of a server', async () => {
    await using other = await startEchoUpstream({ tools: ['other'] });
    const params = { workspace: product.workspace, server: 'echo' };
    const before = await product.client.servers.show({ params });
    await product.client.network.allow({ body: { target: new URL(other.url).host } });
    await product.client.servers.update({ params, body: { url: other.url, prefix: 'v2', note: 'new version' } });
    await expect.poll(() => product.toolNames(), { timeout: 3_000 }).toEqual(['v2_other']);
    const back = await product.client.servers.rollback({ params, body: { revision: before.revision } });
    expect(back.url).toBe(upstream.url);
    expect(back.revision).toBeGreaterThan(before.revision + 1);
    await expect.poll(() => product.toolNames(), { timeout: 3_000 }).toEqual(['echo']);
    const history = await product.client.servers.revisions({ params });
    expect(history.items.length).toBe(back.revision);
  });

  it('[GW-18] judges alike whatever the client says it is and however it speaks', async () => {
    const { workspace } = product;
    const narrow = await product.client.tokens.issue({
      params: { workspace },
      body: { label: 'narrow', scope: ['echo:nothing'] },
    });
    const token = narrow.secret;
    await expect
      .poll(async () => (await product.rpc({ jsonrpc: '2.0', id: 1, method: 'ping' }, { token })).status)
      .toBe(200);
    const answers = [
      await product.call('echo', {}, { token }),
      await product.call('echo', {}, { token, headers: { 'user-agent': 'claude-desktop' } }),
      await product.call('echo', {}, { token, server: 'echo' }),
      await product.modern('tools/call', { name: 'echo', arguments: {} }, { token }),
      await product.modern('tools/call', { name: 'echo', arguments: {} }, { token, server: 'echo' }),
    ];
    for (const { message } of answers) {
      expect(message.error).toMatchObject({ code: -32003, message: 'Tool not allowed for this user' });
      expect(message.error?.data?.['reason']).toBeTypeOf('string');
    }
    expect(await product.toolNames({ token })).toEqual([]);
  });
});
