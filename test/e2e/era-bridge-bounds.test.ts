import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
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
