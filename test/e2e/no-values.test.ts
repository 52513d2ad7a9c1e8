import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { offering } from '../upstreams/offering.ts';

const stack = new AsyncDisposableStack();
let product: SpawnedProduct;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await spawnProduct({ env: { MCPNEST_LOG_LEVEL: 'debug' } }));
  upstream = stack.use(
    await startEchoUpstream({
      tools: [
        {
          name: 'echo',
          inputSchema: { type: 'object', properties: { declared: { type: 'string' }, list: { type: 'array' } } },
        },
      ],
    }),
  );
  upstream.set(
    offering({
      prompts: [{ name: 'prompt', arguments: [{ name: 'declared' }] }],
      templates: [{ uriTemplate: 'echo://{+anything}', name: 'anything' }],
      read: () => ({ code: -32602, message: 'canary-read-error-b61f07', data: { uri: 'canary-read-data-b61f07' } }),
    }),
  );
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

it('[AUD-02][AUD-07][NEW-03] keeps the shape of a call and no value of it, neither on disk nor in the log', async () => {
  const canary = (where: string): string => `canary-${where}-b61f07`;
  upstream.set({
    result: () =>
      `{"content":[{"type":"text","text":"${canary('result')}"}],"structuredContent":{"${canary('result-key')}":"${canary('structured')}"}}`,
  });
  const args = {
    declared: canary('argument'),
    list: [canary('element'), 4711],
    [canary('undeclared-key')]: { [canary('inner-key')]: canary('inner') },
  };
  const headers = { cookie: canary('cookie'), 'x-custom': canary('header') };
  const good = await product.call('echo', args, { headers });
  expect(good.text).toContain(canary('result'));
  await product.modern('tools/call', { name: 'echo', arguments: args }, { headers });
  upstream.set({ result: () => `{"content":[{"type":"text","text":"${canary('tool-error')}"}],"isError":true}` });
  await product.call('echo', args, { headers });
  await product.call('echo', { ...args, '\u0000': canary('nul') });
  await product.rpc(
    `{"jsonrpc":"2.0","id":"${canary('id')}","method":"tools/call","params":{"name":"echo","arguments":["${canary('bad')}"]}}`,
  );
  await product.rpc(`{"broken":"${canary('broken')}`);
  await product.rpc(
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: args } },
    { token: `mng_${'a'.repeat(48)}` },
  );

  const ask = (method: string, params: object, options: Parameters<SpawnedProduct['modern']>[2] = {}) =>
    product.rpc({ jsonrpc: '2.0', id: 1, method, params }, options);
  await ask('prompts/get', { name: 'prompt', arguments: { declared: canary('prompt-argument') } });
  for (const server of ['echo', undefined]) {
    const options = server === undefined ? {} : { server };
    for (const uri of [`echo://${canary('uri')}`, `other:${canary('uri')}`, canary('uri'), `x?${canary('uri')}`]) {
      await ask('resources/read', { uri }, options);
      await product.modern('resources/read', { uri }, { ...options, headers: { 'mcp-name': canary('uri') } });
      const ref = { type: 'ref/resource', uri };
      await ask('completion/complete', { ref, argument: { name: canary('typed'), value: canary('typed') } }, options);
    }
  }
  const ref = { type: 'ref/prompt', name: 'prompt' };
  await ask('completion/complete', { ref, argument: { name: 'declared', value: canary('typed') } });

  const rows = await product.calls();
  expect(new Set(rows.map((each) => each['method']))).toEqual(
    new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete']),
  );
  const row = rows.find((candidate) => candidate.outcome === 'ok')!;
  expect(row.args_shape).toContain('declared');
  expect(row.args_mac).toMatch(/^[0-9a-f]{64}$/);

  const files = readdirSync(product.dataDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(product.dataDir, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const bytes = readUnlessReplaced(file);
    for (const where of [
      'argument',
      'element',
      'undeclared-key',
      'inner-key',
      'inner',
      'result',
      'result-key',
      'structured',
      'tool-error',
      'nul',
      'bad',
      'broken',
      'cookie',
      'header',
      'prompt-argument',
      'uri',
      'typed',
      'read-error',
      'read-data',
    ]) {
      expect(bytes.includes(canary(where)), `${where} in ${file}`).toBe(false);
    }
    expect(bytes.includes(product.workspaceToken), `the token in ${file}`).toBe(false);
  }
  expect(product.output()).not.toContain('canary-');
  expect(product.output()).not.toContain(product.workspaceToken);
});

it('[AUD-02] keeps of names from outside only a filtered, short form', async () => {
  const name = `${'n'.repeat(300)}<script>\u0007`;
  const clientInfo = { name: '<b>evil\u0007'.repeat(30), version: '1' };
  const { message } = await product.modern(
    'tools/call',
    { name, arguments: {} },
    {
      meta: { 'io.modelcontextprotocol/clientInfo': clientInfo },
      headers: { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` },
    },
  );
  expect(message.error?.code).toBe(-32602);
  const refusals = async () => (await product.calls()).filter(({ status }) => status === 404);
  await until('the refusal is on record', async () => (await refusals()).length > 0);
  const row = (await refusals()).at(-1)!;
  expect(row).toMatchObject({ status: 404, outcome: 'denied', dispatched: 0 });
  for (const text of [row.tool_name, String(row['client_name'])]) expect(text).toMatch(/^[\w.~/ -]{1,64}$/);
});

/** A file that is written anew has for a moment another name, and is read under its own. */
function readUnlessReplaced(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
