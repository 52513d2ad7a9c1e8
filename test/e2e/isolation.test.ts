import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let shared: EchoUpstream;
let ownToken: string;
let otherToken: string;

beforeAll(async () => {
  product = stack.use(await startProduct());
  shared = stack.use(await startEchoUpstream({ tools: ['read'], sessions: true }));
  await product.client.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  ownToken = product.workspaceToken;
  otherToken = (await product.client.tokens.issue({ params: { workspace: 'other' }, body: { label: 'other' } })).secret;
  await product.addServer({ slug: 'shared', url: shared.url });
  await product.addServer({ slug: 'shared', url: shared.url, workspace: 'other', token: otherToken });
});
afterAll(() => stack.disposeAsync());

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe('two workspaces', () => {
  it("[TOK-05] are closed to each other's tokens, and cannot be told from ones that do not exist", async () => {
    const foreign = await product.rpc(list, { workspace: 'other', token: ownToken });
    const nowhere = await product.rpc(list, { workspace: 'nothere', token: ownToken });
    expect([foreign.status, nowhere.status]).toEqual([404, 404]);
    expect(foreign.text.replace('other', 'X')).toBe(nowhere.text.replace('nothere', 'X'));
    expect((await product.rpc(list, { workspace: product.workspace, token: otherToken })).status).toBe(404);
  });

  it('share no session, connection or credential with the same upstream', async () => {
    await product.client.servers.setCredential({
      params: { workspace: 'other', server: 'shared' },
      body: { headers: { 'X-Tenant': 'other' } },
    });
    await expect
      .poll(async () => {
        await product.call('read', {}, { workspace: 'other', token: otherToken });
        return shared.calls().at(-1)?.headers['x-tenant'];
      })
      .toBe('other');
    const theirs = shared.calls().at(-1)!;
    await product.call('read');
    const ours = shared.calls().at(-1)!;
    expect(ours.headers['x-tenant']).toBeUndefined();
    expect(ours.headers['mcp-session-id']).not.toBe(theirs.headers['mcp-session-id']);
  });

  it('see only their own calls', async () => {
    await product.calls();
    const own = await product.client.calls.list({ params: { workspace: product.workspace } });
    const other = await product.client.calls.list({ params: { workspace: 'other' } });
    expect(own.items.length).toBeGreaterThan(0);
    expect(other.items.length).toBeGreaterThan(0);
    const ids = new Set(own.items.map((call) => call.id));
    expect(other.items.some((call) => ids.has(call.id))).toBe(false);
  });

  it('lose a removed server at once, in one workspace only', async () => {
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'shared' } });
    await expect.poll(() => product.toolNames(), { timeout: 1_000 }).toEqual([]);
    const { message } = await product.call('read');
    expect(message.error?.code).toBe(-32602);
    expect(await product.toolNames({ workspace: 'other', token: otherToken })).toEqual(['read']);
  });
});
