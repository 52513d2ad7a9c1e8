import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { startAskingModernUpstream } from '../upstreams/asking-modern.ts';
import { startLegacyUpstream, type LegacyUpstream } from '../upstreams/legacy.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let legacy: LegacyUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  legacy = stack.use(await startLegacyUpstream());
  const modern = stack.use(await startAskingModernUpstream());
  await product.addServer({ slug: 'old', url: legacy.url });
  await product.addServer({ slug: 'new', url: modern.url });
}, 30_000);
afterAll(() => stack.disposeAsync());

async function oldClient(): Promise<Client> {
  const client = new Client({ name: 'old', version: '1' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler(ElicitRequestSchema, () => ({
    action: 'accept',
    content: { name: 'Ada', ok: true, color: 'blue' },
  }));
  const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(product.gateway()), { requestInit }));
  return client;
}

describe('[NEW-05] a call of several rounds', () => {
  it('is one call in flight, however often it is sent', async () => {
    const params = { workspace: product.workspace };
    const limit = (principalConcurrency: number) =>
      product.client.workspaces.update({ params, body: { settings: { limits: { principalConcurrency } } } });
    const client = await oldClient();
    await limit(1);
    try {
      await expect
        .poll(async () => {
          const call = { name: 'test_input_required_result_multi_round', arguments: {} };
          const { content } = await client.callTool(call);
          return JSON.stringify(content);
        })
        .toContain('Both answers arrived.');
      // And it is none any more when it has ended.
      expect((await product.call('test_request_state_absent')).status).not.toBe(429);
    } finally {
      await limit(256);
      await client.close();
    }
  });
});

describe('[edge 61] a modern client that declares something else each time', () => {
  it('has a few sessions with a legacy server, not one for each declaration', async () => {
    for (let i = 0; i < 12; i++) {
      const declared = { elicitation: { form: {} }, sampling: { like: `nonce-${i}` } };
      const meta = { 'io.modelcontextprotocol/clientCapabilities': declared };
      const { message } = await product.modern('tools/call', { name: 'declared', arguments: {} }, { meta });
      expect(JSON.stringify(message)).toContain('elicitation');
    }
    const open = (): number => legacy.sessions.filter(({ ended }) => !ended).length;
    // Four of its own, and the gateway's.
    await expect.poll(open).toBeLessThanOrEqual(5);
  });
});

describe('[edge 50] a subscription', () => {
  it('costs its token what a call costs, as it may reach a server', async () => {
    const { token, secret } = await product.client.tokens.issue({
      params: { workspace: product.workspace },
      body: { label: 'subscriber' },
    });
    const params = { workspace: product.workspace };
    const limit = (principalPerMinute: number | null) =>
      product.client.workspaces.update({ params, body: { settings: { limits: { principalPerMinute } } } });
    const session = await openSession(product, { token: secret });
    await limit(3);
    await sleep(100);
    try {
      const { headers } = session;
      const subscribe = (uri: string) =>
        product.rpc(
          { jsonrpc: '2.0', id: uri, method: 'resources/subscribe', params: { uri } },
          { token: secret, headers },
        );
      const codes = [];
      for (const uri of ['note://1', 'note://2', 'note://3', 'note://4']) {
        codes.push((await subscribe(uri)).message.error?.code);
      }
      expect(codes).toEqual([undefined, -32002, -32002, 429]);
      const listen = { notifications: { resourceSubscriptions: ['note://1'] } };
      const refused = await product.modern('subscriptions/listen', listen, { token: secret });
      expect(refused.message.error?.code).toBe(429);
    } finally {
      await limit(null);
      await product.client.tokens.revoke({ params: { ...params, token: token.id } });
    }
  });
});
