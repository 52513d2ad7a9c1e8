import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let everything: Tool[];

interface Tool {
  readonly name: string;
}

const servers = ['red', 'green', 'blue'];
const tools = ['list_things', 'create_thing', 'delete_thing', 'export_report', 'drop'];

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ tools }));
  for (const slug of servers) await product.addServer({ slug, url: upstream.url, prefix: slug });
  const settings = { access: { enforcement: true } };
  await product.client.workspaces.update({ params: { workspace: product.workspace }, body: { settings } });
  await until('all are listed', async () => (await product.toolNames()).length === 15);
  everything = await list(product.workspaceToken);
});
afterAll(() => stack.disposeAsync());

const list = async (token: string): Promise<Tool[]> =>
  (await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { token })).message.result!['tools'] as Tool[];
const ask = async (token: string, name: string, args: object): Promise<RpcMessage> =>
  (await product.call(name, args, { token })).message;
const toolsIn = ({ result }: RpcMessage): Tool[] =>
  (JSON.parse((result!['content'] as [{ text: string }])[0].text) as { tools: Tool[] }).tools;

const object = fc.tuple(fc.constantFrom('*', ...servers), fc.constantFrom('*', '*_thing', ...tools));
const policy = fc.record({
  rules: fc.uniqueArray(fc.record({ effect: fc.constantFrom('allow', 'deny'), object }), {
    maxLength: 4,
    selector: (rule) => JSON.stringify(rule),
  }),
  scope: fc.option(
    fc.uniqueArray(
      fc
        .tuple(fc.constantFrom(...servers), fc.option(fc.constantFrom(...tools)))
        .map(([s, t]) => (t === null ? s : `${s}:${t}`)),
      { minLength: 1, maxLength: 3 },
    ),
  ),
  query: fc.constantFrom('thing', 'create drop export', 'red', 'list report', 'delete things blue', '*', 'zzz'),
});

it('[NEW-09] whatever the rules, what is found and described is what is listed, and nothing else is called', async () => {
  const params = { workspace: product.workspace };
  for (const [i, { rules, scope, query }] of fc.sample(policy, { numRuns: 15, seed: 11 }).entries()) {
    const email = `m${i}@example.com`;
    const { id } = await product.client.members.add({ params, body: { email } });
    for (const { effect, object: its } of rules) {
      const body = { effect, subject: `member:${email}`, object: its.join(':') } as const;
      await product.client.rules.create({ params, body });
    }
    const body = { kind: 'member', memberId: id, label: 't', ...(scope === null ? {} : { scope }) } as const;
    const token = (await product.client.tokens.issue({ params, body })).secret;
    const probe = { jsonrpc: '2.0', id: 1, method: 'ping' };
    await until('the token', async () => (await product.rpc(probe, { token })).status === 200);

    const listed = await list(token);
    const names = listed.map(({ name }) => name);
    const all = toolsIn(await ask(token, 'find_tools', { query: '', limit: 50 }));
    expect(all.map(({ name }) => name)).toEqual(names);
    const found = toolsIn(await ask(token, 'find_tools', { query, limit: 50 })).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(found));
    const described = toolsIn(await ask(token, 'describe_tools', { names: everything.map(({ name }) => name) }));
    expect(described).toEqual(everything.filter(({ name }) => names.includes(name)));
    expect(described).toEqual(listed);
    for (const { name } of everything) {
      const before = upstream.calls().length;
      const { error } = await ask(token, 'call_tool', { name });
      expect(error === undefined, `${name} ${JSON.stringify({ rules, scope })}`).toBe(names.includes(name));
      expect(upstream.calls().length - before).toBe(names.includes(name) ? 1 : 0);
    }
  }
}, 60_000);
