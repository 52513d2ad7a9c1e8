import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startTasksUpstream, type TasksUpstream } from '../upstreams/tasks.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: TasksUpstream;
let legacy: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startTasksUpstream());
  legacy = stack.use(await startEchoUpstream({ tools: ['old_tool'] }));
  await product.addServer({ slug: 'jobs', url: upstream.url });
  await product.addServer({ slug: 'old', url: legacy.url });
}, 30_000);
afterAll(() => stack.disposeAsync());

const tasks = 'io.modelcontextprotocol/tasks';
const ui = 'io.modelcontextprotocol/ui';
const declaring = (...ids: string[]): { meta: Record<string, unknown> } => ({
  meta: {
    'io.modelcontextprotocol/clientCapabilities': { extensions: Object.fromEntries(ids.map((id) => [id, {}])) },
  },
});

async function ask(
  method: string,
  params: Record<string, unknown>,
  options: Parameters<Product['modern']>[2] = declaring(tasks),
): Promise<RpcMessage> {
  const { taskId } = params as { taskId?: string };
  const headers = taskId === undefined ? {} : { 'mcp-name': taskId };
  return (await product.modern(method, params, { ...declaring(tasks), headers, ...options })).message;
}

describe('tasks (SEP-2663)', () => {
  let taskId: string;
  beforeEach(async () => {
    const { result } = await ask('tools/call', { name: 'report' });
    expect(result).toMatchObject({ resultType: 'task', status: 'working' });
    taskId = result!['taskId'] as string;
  });

  it('[edge 68] are followed under an id of the gateway, the same each time', async () => {
    expect(taskId).not.toContain('task/');
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({ taskId, status: 'working' });
    upstream.finish();
    const { result } = await ask('tasks/get', { taskId });
    expect(result).toMatchObject({ taskId, status: 'completed', result: { content: [{ text: 'the report' }] } });
    const own = upstream.seen.at(-1)!;
    expect(own).toEqual({ method: 'tasks/get', name: own.taskId, taskId: expect.stringMatching(/^task\/\d+$/) });
  });

  it('[edge 68] are cancelled, and each request about them has its row', async () => {
    expect((await ask('tasks/cancel', { taskId })).result).toMatchObject({ taskId, status: 'cancelled' });
    const rows = (await product.calls()).slice(-2);
    expect(rows.map((row) => [row.method, row.tool_name, row.outcome])).toEqual([
      ['tools/call', 'report', 'ok'],
      ['tasks/cancel', 'report', 'ok'],
    ]);
    const { items } = await product.client.calls.list({
      params: { workspace: product.workspace },
      query: { method: 'tasks/cancel' },
    });
    expect(items).toMatchObject([{ method: 'tasks/cancel', tool: 'report' }]);
  });

  it('[edge 68] are unknown to everybody else, and nothing is asked upstream', async () => {
    const other = await product.client.tokens.issue({
      params: { workspace: product.workspace },
      body: { label: 'other', kind: 'workspace' },
    });
    const before = upstream.seen.length;
    const answers = [
      await ask('tasks/get', { taskId }, { ...declaring(tasks), token: other.secret, headers: { 'mcp-name': taskId } }),
      await ask('tasks/get', { taskId: 'task/1' }),
      await ask('tasks/cancel', { taskId: `${taskId.slice(0, -4)}AAAA` }),
      await ask('tasks/update', {}),
    ];
    expect(answers.map(({ error }) => error?.code)).toEqual([-32602, -32602, -32602, -32602]);
    expect(upstream.seen.length).toBe(before);
  });

  it('[edge 68] come to no client that did not declare the extension', async () => {
    const modern = await ask('tools/call', { name: 'report' }, declaring());
    expect(modern.result).toMatchObject({ resultType: 'complete', content: [{ text: 'at once' }] });
    const bare = await product.call('report');
    expect(bare.message.result).toMatchObject({ content: [{ text: 'at once' }] });
    expect((await ask('tasks/get', { taskId }, { ...declaring(), headers: { 'mcp-name': taskId } })).error?.code).toBe(
      -32021,
    );
    const refused = (await product.calls()).at(-1);
    expect(refused).toMatchObject({ method: 'tasks/get', outcome: 'denied', error_code: 'missing_capability' });
    expect(
      (await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId } })).message.error?.code,
    ).toBe(-32601);
  });

  it('[edge 68] need their header, like every request for a name', async () => {
    const { message, status } = await product.modern(
      'tasks/get',
      { taskId },
      { ...declaring(tasks), headers: { 'mcp-name': 'other' } },
    );
    expect([status, message.error?.code]).toEqual([400, -32020]);
    const row = (await product.calls()).at(-1);
    expect(row).toMatchObject({ method: 'tasks/get', outcome: 'denied', error_code: 'header_mismatch' });
  });
});

describe('extensions', () => {
  it('[edge 61] are declared upstream as the client declared them, where the gateway relays them', async () => {
    const answer = async (...ids: string[]): Promise<unknown> =>
      (await ask('tools/call', { name: 'extensions' }, declaring(...ids))).result!['content'];
    expect(await answer(tasks, ui, 'com.example/unheard-of')).toEqual([{ type: 'text', text: `${tasks} ${ui}` }]);
    expect(await answer()).toEqual([{ type: 'text', text: '' }]);
  });

  it('[edge 62] are offered to clients where a server has them', async () => {
    const { result } = await ask('server/discover', {});
    expect(result).toMatchObject({ capabilities: { extensions: { [tasks]: {}, [ui]: {} } } });
    const old = await product.modern('server/discover', {}, { server: 'old' });
    expect(old.message.result!['capabilities']).not.toHaveProperty('extensions');
  });

  it('[edge 8] methods that only one server can know go there on its own URL, governed and recorded', async () => {
    const params = { big: 1, text: 'x' };
    const { message } = await product.modern('acme/hello', params, { server: 'jobs' });
    expect(message.result).toMatchObject({ hello: params });
    expect((await product.calls()).at(-1)).toMatchObject({ method: 'acme/hello', outcome: 'ok', server_slug: 'jobs' });
  });

  it('[edge 8] are refused where nobody can say whom they are for, and where the server does not know them', async () => {
    const aggregate = await product.modern('acme/hello', {});
    expect([aggregate.status, aggregate.message.error?.code]).toEqual([404, -32601]);
    const unknown = await product.modern('acme/other', {}, { server: 'jobs' });
    expect([unknown.status, unknown.message.error?.code]).toEqual([404, -32601]);
    const before = upstream.seen.length;
    for (const method of ['sampling/createMessage', 'roots/list', 'elicitation/create', 'initialize', 'rpc.discover']) {
      const refused = await product.modern(method, {}, { server: 'jobs' });
      expect(refused.message.error?.code).toBe(-32601);
    }
    expect(upstream.seen.length).toBe(before);
  });

  it('[edge 8] are not open to a token that is limited to some tools', async () => {
    const narrow = await product.client.tokens.issue({
      params: { workspace: product.workspace },
      body: { label: 'narrow', kind: 'workspace', scope: ['jobs:report'] },
    });
    const { message } = await product.modern('acme/hello', {}, { server: 'jobs', token: narrow.secret });
    expect(message.error?.code).toBe(-32003);
  });
});
