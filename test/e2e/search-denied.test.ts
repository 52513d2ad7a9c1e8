import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product, type RpcOptions } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { openSession } from '../sessions.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { legacyVersions, modernVersions } from '../../packages/server/src/domain/protocol.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let box: EchoUpstream;
let vault: EchoUpstream;
let params: { workspace: string };
let token: string;

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  box = stack.use(await startEchoUpstream({ era: 'both', tools: ['look', 'drop', 'change'] }));
  vault = stack.use(await startEchoUpstream({ era: 'both', tools: ['open_vault', 'peek'] }));
  await product.addServer({ slug: 'box', url: box.url });
  await product.addServer({ slug: 'vault', url: vault.url });
  await product.addServer({ slug: 'pinned', url: vault.url, prefix: 'pinned', pinning: 'on' });
  const { id: memberId } = await product.client.members.add({ params, body: { email: 'junior@example.com' } });
  const owner = (await product.client.members.list({ params })).items.find(({ role }) => role === 'owner')!;
  const visibility = [`member:${owner.email}`];
  await product.client.servers.update({ params: { ...params, server: 'vault' }, body: { visibility } });
  const deny = { effect: 'deny', subject: 'member:junior@example.com', object: 'box:drop' } as const;
  await product.client.rules.create({ params, body: deny });
  token = (await product.client.tokens.issue({ params, body: { kind: 'member', memberId, label: 't' } })).secret;
  await until('it is denied', async () => (await product.call('drop', {}, { token })).message.error?.code === -32003);
  await until('vault is listed', async () => (await product.toolNames()).includes('open_vault'));
}, 30_000);
afterAll(() => stack.disposeAsync());

const urls = ['workspace', 'server'] as const;
type Where = (typeof urls)[number];
const at = (url: Where): RpcOptions & { readonly token: string } => ({
  token,
  tools: 'search',
  ...(url === 'server' ? { server: 'box' } : {}),
});
const sent = (tool: string): number =>
  [box, vault].flatMap((one) => one.calls()).filter(({ params: its }) => its['name'] === tool).length;
const through = (name: string, more: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'call_tool', arguments: { name, arguments: {} }, ...more },
});
const own = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args },
});
const foundIn = ({ result }: RpcMessage): string[] =>
  (JSON.parse((result!['content'] as [{ text: string }])[0].text) as { tools: { name: string }[] }).tools.map(
    ({ name }) => name,
  );

/** The denied tool never reaches its server, its neighbour once, and of both only the latter is found. */
async function never(send: (body: ReturnType<typeof own>) => Promise<RpcMessage>): Promise<void> {
  const before = [sent('drop'), sent('look')];
  expect((await send(through('drop'))).error?.code).toBe(-32003);
  expect((await send(through('look'))).error).toBeUndefined();
  expect([sent('drop'), sent('look')]).toEqual([before[0], before[1]! + 1]);
  const found = foundIn(await send(own('find_tools', { query: 'drop look open vault' })));
  expect(found).toContain('look');
  expect(found.filter((name) => /drop|vault|pinned/.test(name))).toEqual([]);
  expect(foundIn(await send(own('describe_tools', { names: ['drop', 'open_vault', 'pinned_peek'] })))).toEqual([]);
}

describe.each(urls)('[NEW-09][L2-05] through call_tool a denied tool stays denied at the URL of the %s', (url) => {
  it.each(legacyVersions)('[GW-18] in a session of %s', async (version) => {
    const session = await openSession(product, { ...at(url), version });
    await never(async (body) => (await product.rpc(body, { ...at(url), headers: session.headers })).message);
  });

  it.each([undefined, ...legacyVersions])('[GW-18] without a session, naming the revision %s', async (version) => {
    const headers = { 'mcp-protocol-version': version };
    await never(async (body) => (await product.rpc(body, { ...at(url), headers })).message);
  });

  it.each(modernVersions)('[GW-18] in requests of %s', async () => {
    await never(async ({ method, params: its }) => (await product.modern(method, its, at(url))).message);
  });

  it('[GW-18] in whatever envelope', async () => {
    const before = box.calls().length + vault.calls().length;
    const call = (its: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${its}}}`;
    const envelopes: Record<string, unknown> = {
      'names in other letters': [
        'github_drop',
        'box__drop',
        'box:drop',
        'box/drop',
        'DROP',
        'drop ',
        'drop\u0000',
        'ｄrop',
      ].map((name) => through(name)),
      'tools of servers it may not know of': ['open_vault', 'vault__open_vault', 'vault:open_vault', 'pinned_peek'].map(
        (name) => through(name),
      ),
      'call_tool in call_tool': own('call_tool', { name: 'call_tool', arguments: { name: 'drop', arguments: {} } }),
      'two names in the envelope': call('"name":"call_tool","arguments":{"name":"look","name":"drop"}'),
      'two names around it': call('"name":"call_tool","name":"look","arguments":{"name":"drop"}'),
      'the same key, escaped': call('"name":"call_tool","arguments":{"name":"look","n\\u0061me":"drop"}'),
      'two arguments': call('"name":"call_tool","arguments":{"name":"look"},"arguments":{"name":"drop"}'),
      'an escaped name': call('"name":"call_tool","arguments":{"name":"\\u0064rop"}'),
      'an escaped call_tool': call('"name":"call\\u005ftool","arguments":{"name":"drop"}'),
      'keys of objects': call('"name":"call_tool","arguments":{"name":"drop","__proto__":{"name":"look"}}'),
      'a name beside': own('call_tool', { name: 'drop', _meta: { name: 'look' } }),
      'a name that is a list': own('call_tool', { name: ['drop'] }),
      'a task': through('drop', { task: { ttl: 60_000 } }),
      'a request id': [1, 2].map(() => through('drop', { _meta: { 'mcpnest.dev/request-id': 'again' } })),
      'the state of nobody': through('drop', { requestState: 'eyJhIjoxfQ', inputResponses: {} }),
      'a batch': [[through('drop')]],
      'very deep': call(
        `"name":"call_tool","arguments":{"name":"look","arguments":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
      ),
    };
    for (const [what, bodies] of Object.entries(envelopes))
      for (const body of [bodies].flat(1)) {
        const { message } = await product.rpc(body, at(url));
        expect(message.error, what).toBeDefined();
      }
    const { id: _, ...notification } = through('drop');
    expect((await product.rpc(notification, at(url))).status).toBe(202);
    expect(box.calls().length + vault.calls().length).toBe(before);
  });

  it('[GW-18][edge 19] whatever the headers say', async () => {
    const before = sent('drop');
    const lie = async (name: string, header: string) =>
      (await product.modern('tools/call', through(name).params, { ...at(url), headers: { 'mcp-name': header } }))
        .message.error?.code;
    expect([await lie('drop', 'look'), await lie('drop', 'drop'), await lie('look', 'look')]).toEqual(
      Array(3).fill(-32020),
    );
    expect(await lie('drop', 'call_tool')).toBe(-32003);
    expect(sent('drop')).toBe(before);
  });
});

describe('[NEW-09] modes of a list', () => {
  it('at the URL of one server nothing leads to another', async () => {
    await product.client.workspaces.update({ params, body: { settings: { toolList: { mode: 'search' } } } });
    await expect.poll(() => product.toolNames()).toHaveLength(3);
    const before = vault.calls().length;
    for (const tools of ['search', 'auto']) {
      const where = { server: 'box', tools };
      expect((await product.rpc(through('open_vault'), where)).message.error?.message).toBe('Unknown tool: open_vault');
      expect(foundIn((await product.rpc(own('find_tools', { query: 'open vault look' }), where)).message)).toEqual([
        'look',
      ]);
      expect(foundIn((await product.rpc(own('find_tools', { query: '', server: 'vault' }), where)).message)).toEqual(
        [],
      );
      expect(foundIn((await product.rpc(own('describe_tools', { names: ['open_vault'] }), where)).message)).toEqual([]);
    }
    expect(vault.calls()).toHaveLength(before);
    await product.client.workspaces.update({ params, body: { settings: { toolList: { mode: 'all' } } } });
  });

  it('a session may change between them and gains nothing by it', async () => {
    const session = await openSession(product, { token, tools: 'search' });
    const sees = async (tools: string | undefined) =>
      product.toolNames({ token, headers: session.headers, ...(tools === undefined ? {} : { tools }) });
    expect(await sees('search')).toEqual(['find_tools', 'describe_tools', 'call_tool']);
    for (const tools of ['all', undefined, 'auto']) expect(await sees(tools)).not.toContain('drop');
    for (const tools of ['all', 'search', 'auto'])
      expect((await product.rpc(through('drop'), { token, tools, headers: session.headers })).message.error?.code).toBe(
        -32003,
      );
    // At the URL of a server it is no session at all.
    const elsewhere = await product.rpc(through('look'), {
      token,
      tools: 'search',
      server: 'box',
      headers: session.headers,
    });
    expect(elsewhere.status).toBe(404);
  });
});

it('[NEW-09][NEW-04] of 50 racers on one approval, by either way, exactly one is sent', async () => {
  const where = { params: { ...params, server: 'box' } };
  await product.client.approvalSettings.update({
    ...where,
    body: { settings: [{ target: 'change', approval: 'required' }] },
  });
  const direct = () => product.rpc(own('change', {}), { token });
  const found = () => product.rpc(through('change'), { token });
  let id = '';
  await until('it is asked for', async () => {
    const { error } = (await found()).message;
    id = (error?.data?.['approvalId'] as string | undefined) ?? '';
    return error?.code === 428;
  });
  const before = sent('change');
  await product.client.approvals.approve({ params: { ...params, approval: id }, body: {} });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? direct() : found())));
  expect(answers.filter(({ message }) => message.result !== undefined)).toHaveLength(1);
  expect(sent('change')).toBe(before + 1);
});

it('[NEW-09][TOK-07] what is stopped is neither found nor called within a second', async () => {
  const body = { target: 'tool:box:look', reason: 'it leaks' };
  const { id } = await product.client.stops.create({ params, body });
  const refused = async () => (await product.rpc(through('look'), { token })).message.error?.code === -32003;
  await until('it is stopped', refused, 1_000);
  const before = sent('look');
  expect(foundIn((await product.rpc(own('find_tools', { query: 'look' }), { token })).message)).toEqual([]);
  expect(foundIn((await product.rpc(own('describe_tools', { names: ['look'] }), { token })).message)).toEqual([]);
  expect(await refused()).toBe(true);
  expect(sent('look')).toBe(before);
  await product.client.stops.remove({ params: { ...params, stop: id } });
});
