import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallRow } from '../books.ts';
import { startProduct, until, type Product, type RpcOptions } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { openSession } from '../sessions.ts';
import { startAskingLegacyUpstream } from '../upstreams/asking-legacy.ts';
import { startAskingModernUpstream } from '../upstreams/asking-modern.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../upstreams/talking.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let box: EchoUpstream;
let talking: TalkingUpstream;
let params: { workspace: string };
let memberId: string;
let token: string;

const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  box = stack.use(
    await startEchoUpstream({ era: 'both', tools: ['look', 'change', 'drop', { name: 'mirrored', inputSchema }] }),
  );
  talking = stack.use(await startTalkingUpstream());
  const old = stack.use(await startAskingLegacyUpstream());
  const modern = stack.use(await startAskingModernUpstream());
  await product.addServer({ slug: 'box', url: box.url });
  await product.addServer({ slug: 'talking', url: talking.url });
  await product.addServer({ slug: 'old', url: old.url });
  await product.addServer({ slug: 'new', url: modern.url });
  await product.addServer({ slug: 'hidden', url: box.url, prefix: 'hidden' });
  memberId = (await product.client.members.add({ params, body: { email: 'ada@example.com' } })).id;
  const owner = (await product.client.members.list({ params })).items.find(({ role }) => role === 'owner')!;
  const visibility = [`member:${owner.email}`];
  await product.client.servers.update({ params: { ...params, server: 'hidden' }, body: { visibility } });
  const deny = { effect: 'deny', subject: 'member:ada@example.com', object: 'box:drop' } as const;
  await product.client.rules.create({ params, body: deny });
  const issued = await product.client.tokens.issue({ params, body: { kind: 'member', memberId, label: 't' } });
  token = issued.secret;
  await until('what the member may use is listed', async () => {
    const names = (await product.rpc(list, { token })).message.result?.['tools'] as { name: string }[] | undefined;
    return names?.some(({ name }) => name === 'look') === true && !names.some(({ name }) => name.startsWith('hidden'));
  });
}, 30_000);
afterAll(() => stack.disposeAsync());

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
const direct = (name: string, args?: unknown, options: RpcOptions = {}) =>
  product.rpc(bodyOf({ name, arguments: args }), { token, ...options });
const through = (name: string, args?: unknown, options: RpcOptions = {}) =>
  product.rpc(bodyOf({ name: 'call_tool', arguments: { name, arguments: args } }), { token, ...options });
const bodyOf = (its: object): object => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: its });
const newest = async (work: () => Promise<unknown>): Promise<CallRow> => {
  const before = (await product.calls()).length;
  await work();
  const rows = await product.calls();
  expect(rows.length).toBe(before + 1);
  return rows.at(-1)!;
};
const textsOf = ({ result }: RpcMessage): string[] =>
  (result!['content'] as { text: string }[]).map(({ text }) => text);
const said = (message: RpcMessage): { tools: { name: string }[]; unknown?: string[] } =>
  JSON.parse(textsOf(message)[0]!) as { tools: { name: string }[]; unknown?: string[] };

describe('call_tool', () => {
  it('[NEW-09][AUD-01] is the call of the tool itself: same bytes upstream, same row', async () => {
    const args = '{ "n":12345678901234567890,\t"s":"\\u0041\\ud83e\\udd8a ü", "e":1E400, "__proto__":[-0, {}] }';
    const more =
      '"_meta":{"vendor.example/k":[1.50],"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}';
    const call = (its: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${its},${more}}}`;
    const plain = await newest(() => product.rpc(call(`"name":"look","arguments":${args}`), { token }));
    const sent = box.calls().at(-1)!;
    const inner = `"arguments":{"arguments":${args},"name":"\\u006cook"},"name":"call_tool"`;
    const found = await newest(() => product.rpc(call(inner), { token }));
    const sentToo = box.calls().at(-1)!;
    expect(sentToo).not.toBe(sent);
    expect(sentToo.body).toContain(`"arguments":${args}`);
    expect(sentToo.body).toContain('"vendor.example/k":[1.50]');
    expect(sentToo.params).toEqual(sent.params);
    for (const column of ['tool_name', 'server_slug', 'args_shape', 'args_mac', 'rule', 'outcome', 'status', 'method'])
      expect(found[column], column).toEqual(plain[column]);
    expect(found).toMatchObject({ tool_name: 'look', member_id: memberId, outcome: 'ok' });
  });

  it('[NEW-09] leaves arguments out where there are none', async () => {
    await through('look');
    expect(box.calls().at(-1)!.params).not.toHaveProperty('arguments');
    await through('look', {});
    expect(box.calls().at(-1)!.params).toMatchObject({ name: 'look', arguments: {} });
  });

  it('[NEW-09] what is refused is refused in the same words, and cannot be found or described', async () => {
    const dispatched = box.calls().length;
    for (const name of ['drop', 'hidden_look', 'no_such_tool', '', 'find_tools']) {
      const errors: unknown[] = [];
      const rows: CallRow[] = [];
      rows.push(await newest(async () => errors.push((await through(name, {})).message.error)));
      if (name === 'find_tools') continue;
      rows.push(await newest(async () => errors.push((await direct(name, {})).message.error)));
      expect(errors[0], name).toBeDefined();
      expect(errors[0], name).toEqual(errors[1]);
      for (const column of ['tool_name', 'server_slug', 'rule', 'outcome', 'status', 'error_code', 'dispatched'])
        expect(rows[0]![column], `${name} ${column}`).toEqual(rows[1]![column]);
      expect(said((await direct('describe_tools', { names: [name] })).message)).toMatchObject({
        tools: [],
        unknown: [name],
      });
    }
    expect(box.calls()).toHaveLength(dispatched);
    const found = async (as: string) =>
      said((await direct('find_tools', { query: 'drop look hidden', limit: 50 }, { token: as })).message).tools.map(
        ({ name }) => name,
      );
    expect(await found(token)).toEqual(['look']);
    expect([...(await found(product.workspaceToken))].sort()).toEqual([
      ...['drop', 'hidden_change', 'hidden_drop', 'hidden_look', 'hidden_mirrored', 'look'],
    ]);
  });

  it.each([
    ['no name', {}],
    ['a name that is no string', { name: 7 }],
    ['arguments as text', { name: 'look', arguments: '{"a":1}' }],
    ['arguments one level too high', { name: 'look', region: 'eu' }],
    ['no object', []],
  ])('[NEW-09] is refused and recorded with %s', async (_, args) => {
    let answer!: RpcMessage;
    const row = await newest(async () => (answer = (await direct('call_tool', args)).message));
    expect(answer.error).toMatchObject({ code: -32602 });
    expect(row).toMatchObject({ tool_name: 'call_tool', outcome: 'denied', status: 400, dispatched: 0 });
  });

  it('[NEW-09][NEW-12] a repeat is the same whichever way it comes', async () => {
    const _meta = { 'mcpnest.dev/request-id': 'once' };
    const before = box.calls().length;
    const one = await product.rpc(bodyOf({ name: 'change', arguments: { a: 1 }, _meta }), { token });
    const inner = { name: 'change', arguments: { a: 1 } };
    const two = await product.rpc(bodyOf({ name: 'call_tool', arguments: inner, _meta }), { token });
    expect(box.calls()).toHaveLength(before + 1);
    expect(textsOf(two.message)).toEqual(textsOf(one.message));
    expect(JSON.stringify(two.message.result!['_meta'])).toContain('mcpnest.dev/repeat');
  });

  it('[NEW-09][NEW-04] an approval is of the tool itself', async () => {
    const at = { ...params, server: 'box' };
    const approvals = (approval: 'required' | 'none') =>
      product.client.approvalSettings.update({ params: at, body: { settings: [{ target: 'change', approval }] } });
    await approvals('required');
    const asked = async (): Promise<string | undefined> => {
      const { error } = (await through('change', { a: 'approved' })).message;
      return error?.code === 428 ? (error.data!['approvalId'] as string) : undefined;
    };
    await until('it is asked for', async () => (await asked()) !== undefined);
    const approval = (await asked())!;
    expect((await direct('change', { a: 'approved' })).message.error!.data!['approvalId']).toBe(approval);
    expect((await through('change', { a: 'other' })).message.error!.data!['approvalId']).not.toBe(approval);
    await product.client.approvals.approve({ params: { ...params, approval }, body: {} });
    expect((await through('change', { a: 'approved' })).message.error).toBeUndefined();
    expect((await direct('change', { a: 'approved' })).message.error!.code).toBe(428);
    await approvals('none');
    await until('none is needed', async () => (await direct('change', { a: 'x' })).message.error === undefined);
  });

  it('[NEW-09] a budget counts what is called and what is looked for', async () => {
    const limits = (principalPerMinute: number | null) =>
      product.client.workspaces.update({ params, body: { settings: { limits: { principalPerMinute } } } });
    await limits(3);
    const code = async (sent: Promise<{ message: RpcMessage }>) => (await sent).message.error?.code;
    const own = await product.client.tokens.issue({ params, body: { kind: 'member', memberId, label: 'few' } });
    const as = { token: own.secret };
    await until('the token', async () => (await product.rpc({ ...list, method: 'ping' }, as)).status === 200);
    expect(await code(direct('find_tools', { query: '' }, as))).toBeUndefined();
    expect(await code(through('look', {}, as))).toBeUndefined();
    expect(await code(direct('describe_tools', { names: ['look'] }, as))).toBeUndefined();
    expect(await code(direct('find_tools', { query: '' }, as))).toBe(429);
    expect(await code(direct('find_tools', { query: 7 }, as))).toBe(429);
    expect(await code(direct('describe_tools', { names: [] }, as))).toBe(429);
    expect(await code(through('look', {}, as))).toBe(429);
    await limits(null);
    await until('no budget', async () => (await code(through('look', {}, as))) === undefined);
  });

  it('[NEW-09][edge 19] its headers name what the client called', async () => {
    const args = { name: 'mirrored', arguments: { region: 'eu' } };
    const call = { name: 'call_tool', arguments: args };
    const { status, message } = await product.modern('tools/call', call, { token });
    expect([status, message.error]).toEqual([200, undefined]);
    const { headers } = box.calls().at(-1)!;
    expect([headers['mcp-name'], headers['mcp-param-region']]).toEqual(['mirrored', 'eu']);
    const lying = await product.modern('tools/call', call, { token, headers: { 'mcp-name': 'mirrored' } });
    expect(lying.message.error!.code).toBe(-32020);
    // The tool by its own name still needs its own.
    const bare = await product.modern('tools/call', args, { token });
    expect(bare.message.error!.code).toBe(-32020);
  });

  it('[NEW-09] progress and cancellation belong to it', async () => {
    const session = await openSession(product, { token, tools: 'search' });
    const opening = session.call(7, 'call_tool', { name: 'talk' });
    await until('the call is there', async () => Promise.resolve(talking.waiting === 1));
    talking.say(1);
    using events = await opening;
    const [progress] = await events.received(1);
    expect(progress!.params).toMatchObject({ progressToken: 'progress-7', progress: 1 });
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
    using _ = await session.post(cancelled);
    await until('the upstream hears of it', async () => Promise.resolve(talking.cancelled === 1));
  });

  const options = { capabilities: { elicitation: { form: {} } } };
  const requestInit = () => ({ headers: { authorization: `Bearer ${token}` } });
  const url = () => new URL(`${product.gateway()}?tools=search`);
  const asking = 'test_input_required_result_elicitation';

  it('[NEW-09][NEW-05] questions reach a legacy client', async () => {
    const client = new ClientV1({ name: 'old', version: '1' }, options);
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
    await client.connect(new TransportV1(url(), { requestInit: requestInit() }));
    const found = await client.callTool({ name: 'find_tools', arguments: { query: 'input required elicitation' } });
    expect(said({ result: found }).tools.map(({ name }) => name)).toContain(asking);
    const answer = await client.callTool({ name: 'call_tool', arguments: { name: asking } });
    expect(JSON.stringify(answer.content)).toContain('Ada');
    await client.close();
  });

  it('[NEW-09][NEW-05] questions reach a modern client', async () => {
    const versionNegotiation = { mode: { pin: '2026-07-28' } } as const;
    const client = new ClientV2({ name: 'new', version: '1' }, { ...options, versionNegotiation });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
    await client.connect(new TransportV2(url(), { requestInit: requestInit() }));
    const answer = await client.callTool({ name: 'call_tool', arguments: { name: asking } });
    expect(JSON.stringify(answer.content)).toContain('Ada');
    await client.close();
  });
});

describe('a list of search tools', () => {
  it('[NEW-09][GW-09] never changes for its clients, while a search shows what came at once', async () => {
    const [all, searching] = [
      await openSession(product, { token }),
      await openSession(product, { token, tools: 'search' }),
    ];
    using heard = await all.get();
    using silent = await searching.get();
    await sleep(500);
    box.set({ tools: ['look', 'change', 'drop', 'brand_new'] });
    await product.client.servers.update({
      params: { ...params, server: 'box' },
      body: { limits: { perMinute: 10_000 } },
    });
    await heard.received(1);
    expect(heard.messages()[0]!.method).toBe('notifications/tools/list_changed');
    const { tools } = said((await direct('find_tools', { query: 'brand new' })).message);
    expect(tools.map(({ name }) => name)).toContain('brand_new');
    await sleep(500);
    expect(silent.messages()).toEqual([]);
    expect((await product.toolNames({ token, tools: 'search' })).length).toBe(3);
  });

  it('[NEW-09][GW-09] is a change for clients whose list becomes one by its weight', async () => {
    const settings = { toolList: { autoAboveTokens: 1 } };
    const [auto, always] = [
      await openSession(product, { token, tools: 'auto' }),
      await openSession(product, { token, tools: 'all' }),
    ];
    using told = await auto.get();
    using silent = await always.get();
    await sleep(500);
    await product.client.workspaces.update({ params, body: { settings } });
    await told.received(1);
    expect(told.messages()[0]!.method).toBe('notifications/tools/list_changed');
    await sleep(500);
    expect(told.messages()).toHaveLength(1);
    expect(silent.messages()).toEqual([]);
  });
});
