import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let postgres: EchoUpstream;
let mysql: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  postgres = stack.use(await startEchoUpstream({ tools: ['query', 'vacuum'] }));
  mysql = stack.use(await startEchoUpstream({ tools: ['query', 'show_engines'] }));
});
afterAll(() => stack.disposeAsync());

describe('clashing names', () => {
  it('[GW-08] qualifies a clash for every server in it, and strips the qualifier before the call', async () => {
    await product.addServer({ slug: 'postgres-mcp', url: postgres.url });
    await product.addServer({ slug: 'mysql-mcp', url: mysql.url });
    expect(await product.toolNames()).toEqual(['postgres_mcp__query', 'vacuum', 'mysql_mcp__query', 'show_engines']);
    await product.call('mysql_mcp__query', { sql: 'select 1' });
    expect(mysql.calls().at(-1)?.params).toMatchObject({ name: 'query', arguments: { sql: 'select 1' } });
    await product.call('postgres_mcp__query', { sql: 'select 2' });
    expect(postgres.calls().at(-1)?.params).toMatchObject({ name: 'query', arguments: { sql: 'select 2' } });
  });

  it('[GW-08] answers a bare name that was never handed out as unknown, and calls nobody', async () => {
    const before = postgres.calls().length + mysql.calls().length;
    const { message } = await product.call('query');
    expect(message.error).toMatchObject({ code: -32602, message: 'Unknown tool: query' });
    expect(postgres.calls().length + mysql.calls().length).toBe(before);
  });

  it('[GW-08][edge 53] keeps a bare name for the server it once meant when another comes to share it', async () => {
    await using late = await startEchoUpstream({ tools: ['vacuum'] });
    expect(await product.toolNames()).toContain('vacuum');
    await product.addServer({ slug: 'late', url: late.url });
    await expect.poll(() => product.toolNames()).toContain('late__vacuum');
    const before = postgres.calls().length;
    const { message } = await product.call('vacuum');
    expect(message.error).toBeUndefined();
    expect(postgres.calls().length).toBe(before + 1);
    expect(late.calls()).toHaveLength(0);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'late' } });
  });

  it('[GW-08][edge 53] never guesses from the form of a name', async () => {
    // a_b + c and a + b_c would both read a_b__c or a__b_c if names were parsed.
    await using first = await startEchoUpstream({ tools: ['c', 'b__c'] });
    await using second = await startEchoUpstream({ tools: ['c', 'a__b__c'] });
    await product.addServer({ slug: 'a-b', url: first.url });
    await product.addServer({ slug: 'a', url: second.url });
    const names = (await product.toolNames()).filter((name) => name.endsWith('c'));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      const { message } = await product.call(name);
      expect(message.error, name).toBeUndefined();
    }
    expect(
      first
        .calls()
        .map((call) => call.params['name'])
        .sort(),
    ).toEqual(['b__c', 'c']);
    expect(
      second
        .calls()
        .map((call) => call.params['name'])
        .sort(),
    ).toEqual(['a__b__c', 'c']);
    for (const server of ['a', 'a-b'])
      await product.client.servers.remove({ params: { workspace: product.workspace, server } });
  });

  it('[GW-08][edge 54] gives long and odd names a presentable form that still reaches the tool', async () => {
    const odd = ['x'.repeat(90), 'mit Leerzeichen/und:Zeichen', 'emoji_🦊', 'constructor', '__proto__', 'toString'];
    await using upstream = await startEchoUpstream({ tools: odd });
    await product.addServer({ slug: 'odd', url: upstream.url });
    const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const names = (message.result?.['tools'] as { name: string }[]).map((tool) => tool.name).slice(-odd.length);
    for (const name of names) {
      expect(name).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
      const called = await product.call(name);
      expect(called.message.error, name).toBeUndefined();
    }
    expect(upstream.calls().map((call) => call.params['name'])).toEqual(odd);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'odd' } });
  });
});
