import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { startQuestioner } from '../upstreams/questioner.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let other: string;

const mega = 1024 * 1024;
const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };

beforeAll(async () => {
  product = stack.use(await startProduct());
  await product.addServer({ slug: 'old', url: stack.use(await startQuestioner('legacy')).url });
  await product.addServer({ slug: 'new', url: stack.use(await startQuestioner('modern')).url });
  await product.addServer({ slug: 'good', url: stack.use(await startQuestioner('legacy')).url });
  const issued = await product.client.tokens.issue({
    params: { workspace: product.workspace },
    body: { kind: 'workspace', label: 'other' },
  });
  other = issued.secret;
  await until('the other token works', async () => (await product.toolNames({ token: other })).length > 0);
}, 30_000);
afterAll(() => stack.disposeAsync());

describe('what waits for people', () => {
  it('[edge 38] takes no room from other servers by what it said before it asked', async () => {
    const chat = { name: 'chat', arguments: { bytes: 9 * mega } };
    for (let i = 0; i < 6; i++) {
      const { message } = await product.modern('tools/call', chat, { server: 'old', meta });
      expect(message.result?.['resultType']).toBe('input_required');
    }
    const { message } = await product.call('plain', {}, { server: 'good' });
    expect(message.result).toBeDefined();
  });

  it('[edge 38] is bounded for a token: an upstream that asks with too much is refused', async () => {
    const ask = { name: 'ask', arguments: { bytes: 3 * mega } };
    const results: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { message } = await product.modern('tools/call', ask, { server: 'old', meta });
      results.push(
        message.result?.['resultType'] === 'input_required' ? 'input_required' : message.result?.['content'],
      );
    }
    expect(results).toEqual(['input_required', 'input_required', [{ type: 'text', text: 'refused' }]]);
    const elsewhere = await product.modern('tools/call', ask, { server: 'old', meta, token: other });
    expect(elsewhere.message.result?.['resultType']).toBe('input_required');
  });

  it('[edge 38] is bounded for a token that asks its people in a session', async () => {
    const session = await openSession(product, { server: 'new', capabilities: { elicitation: {} }, token: other });
    const told: string[] = [];
    for (let id = 1; id <= 3; id++) {
      const call = await session.call(id, 'chat', { bytes: 3 * mega });
      await until('something is said', () => Promise.resolve(/elicitation|error/.test(call.text)));
      told.push(/elicitation\/create|"code":\d+/.exec(call.text)![0]);
    }
    expect(told).toEqual(['elicitation/create', '"code":429', '"code":429']);
    await session.end();
  });
});

describe('large requests', () => {
  it('[edge 38] of one token leave room for those of another', async () => {
    const stop = new AbortController();
    const large = { padding: 'y'.repeat(1_000_000) };
    // Who is refused in the middle of sending may only see the connection end.
    let refused = 0;
    const sent = Array.from({ length: 40 }, () =>
      product.call('hold', large, { server: 'old', signal: stop.signal }).then(
        () => refused++,
        () => refused++,
      ),
    );
    await until('some are refused', () => Promise.resolve(refused > 0));
    const { message } = await product.call('plain', large, { server: 'good', token: other });
    expect(message.result).toBeDefined();
    expect(refused).toBeLessThan(20);
    stop.abort();
    await Promise.all(sent);
    await until('the room is given back', async () => {
      const again = await product.call('plain', large, { server: 'good' });
      return again.message.result !== undefined;
    });
  });
});
