import { afterAll, beforeAll, expect, it } from 'vitest';
import { SseReader } from '../../packages/server/src/platform/sse-reader.ts';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let params: { workspace: string };

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  const upstream = stack.use(await startEchoUpstream({ tools: ['echo', 'other'] }));
  await product.addServer({ slug: 'echo', url: upstream.url });
  expect(await product.toolNames()).toEqual(['echo', 'other']);
});
afterAll(() => stack.disposeAsync());

it('[TOK-06] a page of the console tries a tool through policy with a token of its own, and of another origin cannot', async () => {
  const { secret, token } = await product.client.tokens.issueForConsole({ params });
  const ask = (origin: string, params_: object) =>
    fetch(product.gateway(), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', origin },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: params_ }),
    });
  const call = { name: 'echo', arguments: {} };
  await expect.poll(async () => (await ask(product.url, call)).status).toBe(200);
  expect((await ask('https://evil.example', call)).status).toBe(403);
  expect((await ask('null', call)).status).toBe(403);
  const recorded = (await product.calls()).filter(({ token_id }) => token_id === token.id);
  expect(recorded.at(-1)).toMatchObject({ tool_name: 'echo', outcome: 'ok', principal_kind: 'member' });
  const rule = { effect: 'deny', subject: 'everybody', object: 'echo:other' } as const;
  const { id } = await product.client.rules.create({ params, body: rule });
  await expect
    .poll(async () => (await ask(product.url, { name: 'other', arguments: {} })).text(), { timeout: 3_000 })
    .toContain(id);
  const { items } = await product.client.tools.list({ params });
  expect(items.map(({ name, listed }) => [name, listed])).toEqual([
    ['echo', true],
    ['other', false],
  ]);
  expect(
    (await product.client.tools.list({ params, query: { show: 'listed' } })).items.map(({ name }) => name),
  ).toEqual(await product.toolNames({ token: secret }));
});

it('[AUD-10] a call is told to whoever watches, within seconds, over HTTP', async () => {
  const stop = new AbortController();
  const answer = await fetch(`${product.url}/api/v1/workspaces/${product.workspace}/calls/tail?tool=echo`, {
    headers: { authorization: `Bearer ${product.apiKey}` },
    signal: stop.signal,
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const told: string[] = [];
  const sse = new SseReader((data, event) => {
    const { tool } = JSON.parse(data.toString()) as { tool?: string };
    told.push(tool === undefined ? event : `${event} ${tool}`);
  }, 1024 * 1024);
  const reading = (async () => {
    for await (const chunk of answer.body!) sse.push(Buffer.from(chunk));
  })().catch(() => undefined);
  await expect.poll(() => told, { timeout: 5_000 }).toEqual(['ready']);
  await product.call('echo');
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['ready', 'call echo']);
  stop.abort();
  await reading;
});
