import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { page, startAskingLegacyUpstream, type AskingUpstream } from '../upstreams/asking-legacy.ts';
import { startAskingModernUpstream } from '../upstreams/asking-modern.ts';
import { startEverything } from '../upstreams/everything.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let legacy: AskingUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  legacy = stack.use(await startAskingLegacyUpstream());
  const modern = stack.use(await startAskingModernUpstream());
  const everything = stack.use(await startEverything());
  await product.addServer({ slug: 'old', url: legacy.url });
  await product.addServer({ slug: 'new', url: modern.url });
  await product.addServer({ slug: 'everything', url: everything.url });
}, 30_000);
afterAll(() => stack.disposeAsync());

interface Answers {
  /** What the user types, by the message of the form. */
  readonly name?: (message: string) => string;
}

const capital = { role: 'assistant' as const, model: 'test', content: { type: 'text' as const, text: 'Paris' } };
const roots = [{ uri: 'file:///home/me', name: 'home' }];

async function oldClient(answers: Answers = {}, token = product.workspaceToken): Promise<ClientV1> {
  const client = new ClientV1(
    { name: 'old', version: '1' },
    { capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} } },
  );
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: 'accept',
    content: { name: answers.name?.(params.message) ?? 'Ada' },
  }));
  client.setRequestHandler(CreateMessageRequestSchema, () => capital);
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
  return client;
}

async function newClient(answers: Answers = {}, token = product.workspaceToken): Promise<ClientV2> {
  const client = new ClientV2(
    { name: 'new', version: '1' },
    {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    content: { name: answers.name?.(params.message) ?? 'Ada', ok: true, color: 'blue' },
  }));
  client.setRequestHandler('sampling/createMessage', () => capital);
  client.setRequestHandler('roots/list', () => ({ roots }));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new TransportV2(new URL(product.gateway()), { requestInit }));
  return client;
}

const clients = { 'a legacy client': oldClient, 'a modern client': newClient };

async function said(client: ClientV1 | ClientV2, name: string): Promise<string> {
  const { content } = await client.callTool({ name, arguments: {} });
  return (content as { text: string }[]).map(({ text }) => text).join('\n');
}

describe.each(Object.entries(clients))('[NEW-05] %s', (_, connect) => {
  it.each([
    ['ask_name', 'Hello, Ada!'],
    ['ask_model', JSON.stringify(capital.content)],
    ['ask_roots', 'file:///home/me'],
    ['ask_nothing', 'done'],
  ])('[edge 43] answers what a legacy server asks: %s', async (tool, answer) => {
    const client = await connect();
    expect(await said(client, tool)).toBe(answer);
    await client.close();
  });

  it('[edge 43] answers one question after the other, and two at once', async () => {
    const client = await connect({ name: (message) => message.slice(0, -1) });
    expect(await said(client, 'ask_twice')).toBe('First and Second');
    expect(await said(client, 'ask_both')).toBe('Left and Right');
    await client.close();
  });

  it('[edge 44] answers what a legacy server asks aside, while one call alone is under way', async () => {
    const client = await connect();
    expect(await said(client, 'ask_aside')).toBe('Aside, Ada');
    await client.close();
  });

  it.each([
    ['test_input_required_result_elicitation', 'Hello, Ada!'],
    ['test_input_required_result_sampling', JSON.stringify(capital.content)],
    ['test_input_required_result_list_roots', 'file:///home/me'],
    ['test_input_required_result_request_state', 'state-ok'],
    ['test_input_required_result_multiple_inputs', 'All three arrived.'],
    ['test_input_required_result_multi_round', 'Both answers arrived.'],
    ['test_missing_capability', 'Sampling was declared.'],
  ])('[edge 45] answers what a modern server asks: %s', async (tool, answer) => {
    const client = await connect();
    expect(await said(client, tool)).toBe(answer);
    await client.close();
  });

  it('[edge 43] answers the published everything server', async () => {
    const client = await connect();
    expect(await said(client, 'trigger-elicitation-request')).toContain('Ada');
    const { content } = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'Capital?' } });
    expect(JSON.stringify(content)).toContain('Paris');
    await client.close();
  });

  it('[edge 43] is asked by nobody else: twenty at once, each with a name of its own', async () => {
    const names = Array.from({ length: 20 }, (_unused, i) => `nonce-${i}-${Math.random()}`);
    const connected = await Promise.all(names.map((name) => connect({ name: () => name })));
    const rounds = await Promise.all(
      connected.map(async (client) => [
        await said(client, 'ask_name'),
        await said(client, 'test_input_required_result_elicitation'),
        await said(client, 'ask_both'),
      ]),
    );
    expect(rounds).toEqual(names.map((name) => [`Hello, ${name}!`, `Hello, ${name}!`, `${name} and ${name}`]));
    await Promise.all(connected.map((client) => client.close()));
  });
});

const elicitation = { meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } } };

interface Answer {
  readonly result?: {
    readonly resultType?: string;
    readonly requestState?: string;
    readonly inputRequests?: Readonly<Record<string, { readonly method: string; readonly params: object }>>;
    readonly content?: readonly { readonly text: string }[];
  };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

async function modernCall(
  params: Record<string, unknown>,
  options: Parameters<Product['modern']>[2] = elicitation,
): Promise<Answer> {
  const { message } = await product.modern('tools/call', params, { ...elicitation, ...options });
  return message;
}

/** Ask until there is a state, and answer the form in it. */
async function asked(name: string): Promise<{ state: string; responses: Record<string, unknown> }> {
  const { result } = await modernCall({ name });
  expect(result?.resultType).toBe('input_required');
  const keys = Object.keys(result!.inputRequests!);
  const answer = { action: 'accept', content: { name: 'Ada', ok: true } };
  return { state: result!.requestState!, responses: Object.fromEntries(keys.map((key) => [key, answer])) };
}

describe('[NEW-05] requestState', () => {
  it.each(['ask_name', 'test_input_required_result_request_state'])(
    '[edge 45] of %s is worth nothing with another token, another tool or other arguments',
    async (name) => {
      const { state, responses } = await asked(name);
      const member = await product.client.tokens.issue({
        params: { workspace: product.workspace },
        body: { label: 'other' },
      });
      const params = { name, requestState: state, inputResponses: responses };
      const wrong = [
        await modernCall(params, { token: member.secret }),
        await modernCall({ ...params, name: 'ask_both' }),
        await modernCall({ ...params, arguments: { other: true } }),
        await modernCall({ ...params, requestState: `${state.slice(0, -4)}AAAA` }),
      ];
      expect(wrong.map(({ error }) => error?.code)).toEqual([-32602, -32602, -32602, -32602]);
      const right = await modernCall(params);
      expect(right.result?.resultType).toBe('complete');
    },
  );

  it('[edge 45] of a call that has ended is refused, and the call not made again', async () => {
    const { state, responses } = await asked('ask_name');
    const params = { name: 'ask_name', requestState: state, inputResponses: responses };
    const before = legacy.started.length;
    expect((await modernCall(params)).result?.content?.[0]?.text).toBe('Hello, Ada!');
    expect((await modernCall(params)).error?.code).toBe(-32602);
    expect(legacy.started.length).toBe(before);
  });

  it('asks again for what was not answered', async () => {
    const { state, responses } = await asked('ask_name');
    const again = await modernCall({ name: 'ask_name', requestState: state, inputResponses: {} });
    expect(again.result?.resultType).toBe('input_required');
    const { requestState } = again.result!;
    const answered = await modernCall({ name: 'ask_name', requestState, inputResponses: responses });
    expect(answered.result?.content?.[0]?.text).toBe('Hello, Ada!');
  });
});

it('[NEW-05] [edge 45] requestState is worth nothing once its server is reached elsewhere', async () => {
  await using one = await startAskingModernUpstream();
  await using other = await startAskingModernUpstream();
  await using own = await startProduct();
  await own.addServer({ slug: 'moves', url: one.url });
  const name = 'test_input_required_result_request_state';
  const first = (await own.modern('tools/call', { name }, elicitation)).message as Answer;
  const requestState = first.result!.requestState!;
  const keys = Object.keys(first.result!.inputRequests!);
  const inputResponses = Object.fromEntries(keys.map((key) => [key, { action: 'accept', content: { ok: true } }]));
  const again = async () =>
    (await own.modern('tools/call', { name, requestState, inputResponses }, elicitation)).message as Answer;
  expect((await again()).result?.resultType).toBe('complete');
  await own.client.network.allow({ body: { target: new URL(other.url).host } });
  const params = { workspace: own.workspace, server: 'moves' };
  await own.client.servers.update({ params, body: { url: other.url } });
  await expect.poll(async () => (await again()).error?.code).toBe(-32602);
});

describe('[NEW-05] a call that waits for its client', () => {
  it('is cancelled upstream when the token is revoked', async () => {
    const member = await product.client.tokens.issue({
      params: { workspace: product.workspace },
      body: { label: 'short-lived' },
    });
    const { result } = await modernCall({ name: 'ask_name' }, { token: member.secret });
    expect(result?.resultType).toBe('input_required');
    const ended = legacy.ended.length;
    await product.client.tokens.revoke({ params: { workspace: product.workspace, token: member.token.id } });
    for (let i = 0; i < 100 && legacy.ended.length === ended; i++) await sleep(20);
    expect(legacy.ended.length).toBe(ended + 1);
  });

  it('[AUD-01] has one row, whose ending is written when it ends, and another for each time its client comes back', async () => {
    const before = (await product.calls()).length;
    const { state, responses } = await asked('ask_twice');
    const params = { name: 'ask_twice', requestState: state };
    const { result } = await modernCall({ ...params, inputResponses: responses });
    const [key] = Object.keys(result!.inputRequests!);
    const inputResponses = { [key!]: Object.values(responses)[0] };
    await modernCall({ name: 'ask_twice', requestState: result!.requestState, inputResponses });
    await modernCall({ ...params, inputResponses: 'none' });
    const rows = (await product.calls()).slice(before);
    expect(rows.map((row) => [row.tool_name, row.outcome, row.error_code, row.dispatched])).toEqual([
      ['ask_twice', 'ok', null, 1],
      ['ask_twice', 'ok', 'input_given', 0],
      ['ask_twice', 'ok', 'input_given', 0],
      ['ask_twice', 'denied', 'invalid_state', 0],
    ]);
  });

  it.each(['ask_then_task', 'ask_then_input_required'])(
    'gets no answer of a kind that could not be carried on: %s',
    async (name) => {
      const { state, responses } = await asked(name);
      const { result, error } = await modernCall({ name, requestState: state, inputResponses: responses });
      expect(result).toBeUndefined();
      expect(error?.message).toContain("The server 'old' gave an answer that is not valid MCP");
      const rows = (await product.calls()).filter((row) => row.tool_name === name);
      expect(rows[0]).toMatchObject({ outcome: 'upstream_protocol_error', error_code: 'protocol', dispatched: 1 });
    },
  );
});

const linkable = {
  meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {}, url: {} } } },
};

describe('pages that must be visited', () => {
  it('[edge 48] are shown to a modern client as the legacy server named them', async () => {
    const { result } = await modernCall({ name: 'ask_page' }, linkable);
    const [key, request] = Object.entries(result!.inputRequests!)[0]!;
    expect(request.params).toMatchObject({ mode: 'url', url: page, message: 'Sign in' });
    const inputResponses = { [key]: { action: 'accept' } };
    const answered = await modernCall(
      { name: 'ask_page', requestState: result!.requestState, inputResponses },
      linkable,
    );
    expect(answered.result?.content?.[0]?.text).toBe('page: accept');
  });

  it('[edge 48] are shown to a legacy client, which hears when they were visited', async () => {
    const client = new ClientV1({ name: 'old', version: '1' }, { capabilities: { elicitation: { url: {} } } });
    const shown: unknown[] = [];
    const visited: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      shown.push(params);
      return { action: 'accept' };
    });
    client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
      visited.push(params.elicitationId);
    });
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
    expect(await said(client, 'ask_page')).toBe('page: accept');
    expect(shown).toMatchObject([{ mode: 'url', url: page, elicitationId: 'e-1' }]);
    expect(visited).toEqual(['e-1']);
    await client.close();
  });

  it('[edge 47] a modern client is asked for them, and the call is made again when it comes back', async () => {
    const { result } = await modernCall({ name: 'ask_page_first' }, linkable);
    expect(result).toMatchObject({ resultType: 'input_required' });
    expect(Object.values(result!.inputRequests!)).toMatchObject([{ params: { mode: 'url', url: page } }]);
    const inputResponses = { 'link-1': { action: 'accept' } };
    const retry = { name: 'ask_page_first', requestState: result!.requestState, inputResponses };
    expect((await modernCall(retry, linkable)).result?.content?.[0]?.text).toBe('signed in');
  });

  it('[edge 47] a client that cannot be sent there is told in words', async () => {
    const { result } = await modernCall({ name: 'ask_page_first' }, elicitation);
    expect(result).toMatchObject({ resultType: 'complete', isError: true });
    expect(result?.content?.[0]?.text).toContain(page);
    expect((await modernCall({ name: 'ask_page_first' }, elicitation)).result?.content?.[0]?.text).toBe('signed in');
  });

  it('[edge 47] a legacy client that knows the error gets it as it is', async () => {
    const client = new ClientV1(
      { name: 'old', version: '1' },
      { capabilities: { elicitation: { form: {}, url: {} } } },
    );
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
    await expect(client.callTool({ name: 'ask_page_first', arguments: {} })).rejects.toMatchObject({ code: -32042 });
    expect(await said(client, 'ask_page_first')).toBe('signed in');
    await client.close();
  });
});

it('[edge 51] a level of logging is kept for each session, told to its server, and holds for its messages', async () => {
  const [all, few] = [await oldClient(), await oldClient()];
  const heard = { all: [] as string[], few: [] as string[] };
  all.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.all.push(params.level));
  few.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.few.push(params.level));
  await few.setLoggingLevel('error');
  expect([await said(all, 'say_levels'), await said(few, 'say_levels')]).toEqual(['said', 'said']);
  await expect.poll(() => heard).toEqual({ all: ['debug', 'warning', 'error'], few: ['error'] });
  expect(legacy.levels).toContain('error');
  await all.close();
  await few.close();
});

describe('what was not declared is not asked', () => {
  it('[edge 46] a modern server that asks all the same leads to -32021 with what is required', async () => {
    const none = { meta: { 'io.modelcontextprotocol/clientCapabilities': {} } };
    const { error } = await modernCall({ name: 'test_streaming_elicitation' }, none);
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { form: {} } } } });
  });

  it('[edge 61] a legacy server learns that it cannot ask', async () => {
    const { text } = await product.call('ask_name');
    expect(text).toMatch(/isError|error/);
    expect(text).not.toContain('Hello');
  });
});
