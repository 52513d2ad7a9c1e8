import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';
import { startSystemMonitor } from '../upstreams/system-monitor.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let github: EchoUpstream;
let notes: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  github = stack.use(await startEchoUpstream({ tools: ['create_issue', 'list_issues'] }));
  notes = stack.use(await startEchoUpstream({ tools: ['take_note'], mode: 'sse' }));
  await product.addServer({ slug: 'github', url: github.url });
  await product.addServer({ slug: 'notes', url: notes.url });
});
afterAll(() => stack.disposeAsync());

/** Run curl with the arguments of the README and nothing else. */
async function curl(...args: string[]): Promise<{ status: number; body: string }> {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-w', '\n%{http_code}', ...args]);
  const cut = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) };
}

const listBody = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}';

describe('the plain curl', () => {
  it('[GW-01][edge 24] lists tools with a token, a content type and nothing else', async () => {
    const auth = `Authorization: Bearer ${product.workspaceToken}`;
    const { status, body } = await curl(
      '-X',
      'POST',
      product.gateway(),
      '-H',
      auth,
      '-H',
      'Content-Type: application/json',
      '-d',
      listBody,
    );
    expect(status).toBe(200);
    const answer = JSON.parse(body) as { id: number; jsonrpc: string; result: { tools: { name: string }[] } };
    expect(answer.jsonrpc).toBe('2.0');
    expect(answer.id).toBe(1);
    expect(answer.result.tools.map((tool) => tool.name)).toEqual(['create_issue', 'list_issues', 'take_note']);
    expect(Object.keys(answer.result)).toEqual(['tools']);
  });

  it('[GW-01][edge 15] forgives a forgotten content type', async () => {
    const { status, body } = await curl(
      '-X',
      'POST',
      product.gateway(),
      '-H',
      `Authorization: Bearer ${product.workspaceToken}`,
      '-d',
      listBody,
    );
    expect(status).toBe(200);
    expect(body).toContain('create_issue');
  });

  it('[GW-01][edge 70] takes params that are left out', async () => {
    const { status, message } = await product.rpc({ jsonrpc: '2.0', id: 'a', method: 'tools/list' });
    expect(status).toBe(200);
    expect(message.id).toBe('a');
    expect(message.result?.['tools']).toHaveLength(3);
  });
});

describe('one merged server', () => {
  it('[GW-03] merges the tools of every server into one list', async () => {
    expect(await product.toolNames()).toEqual(['create_issue', 'list_issues', 'take_note']);
  });

  it('[GW-03][edge 63] keeps definitions as the server wrote them', async () => {
    const definition = {
      name: 'odd',
      title: 'Ödd',
      description: 'With everything',
      inputSchema: {
        type: 'object',
        $defs: { a: true },
        properties: { n: { const: 9007199254740993 } },
        additionalProperties: false,
      },
      outputSchema: { type: 'array' },
      annotations: { readOnlyHint: true, vendorHint: [1] },
      icons: [{ src: 'data:,' }],
      execution: { taskSupport: 'optional' },
      _meta: { 'vendor.example/x': { y: null } },
    };
    await using upstream = await startEchoUpstream({ tools: [definition] });
    await product.addServer({ slug: 'odd', url: upstream.url });
    const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { server: 'odd' });
    expect(message.result?.['tools']).toEqual([JSON.parse(JSON.stringify(definition))]);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'odd' } });
  });

  it('[GW-03][edge 55] reads every page of a long list', async () => {
    const tools = Array.from({ length: 25 }, (_, i) => `page_tool_${i}`);
    await using upstream = await startEchoUpstream({ tools, pageSize: 10 });
    await product.addServer({ slug: 'paged', url: upstream.url });
    expect(await product.toolNames({ server: 'paged' })).toEqual(tools);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'paged' } });
  });

  it('[GW-04] sends a call to the server that owns the tool', async () => {
    const before = { github: github.calls().length, notes: notes.calls().length };
    const { status, message } = await product.call('take_note', { text: 'hi' });
    expect(status).toBe(200);
    expect(message.result?.['content']).toEqual([{ type: 'text', text: 'called take_note' }]);
    expect(notes.calls().length - before.notes).toBe(1);
    expect(github.calls().length - before.github).toBe(0);
    expect(notes.calls().at(-1)?.params).toMatchObject({ name: 'take_note', arguments: { text: 'hi' } });
  });

  it('[GW-05] reads JSON and event-stream answers alike', async () => {
    const fromJson = await product.call('create_issue');
    const fromStream = await product.call('take_note');
    for (const { status, message, headers } of [fromJson, fromStream]) {
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('application/json');
      expect(message.result?.['content']).toHaveLength(1);
    }
  });

  it('[GW-06][edge 57] lists in the order of positions, and follows a move', async () => {
    await product.client.servers.move({
      params: { workspace: product.workspace, server: 'notes' },
      body: { position: 1 },
    });
    await expect.poll(() => product.toolNames()).toEqual(['take_note', 'create_issue', 'list_issues']);
    await product.client.servers.move({
      params: { workspace: product.workspace, server: 'notes' },
      body: { position: 2 },
    });
    await expect.poll(() => product.toolNames()).toEqual(['create_issue', 'list_issues', 'take_note']);
  });

  it('[GW-07] puts the prefix of a server before its tools, and takes it off before the call', async () => {
    await using gitlab = await startEchoUpstream({ tools: ['create_issue'] });
    await product.addServer({ slug: 'gitlab', url: gitlab.url, prefix: 'gitlab' });
    expect(await product.toolNames()).toEqual(['create_issue', 'list_issues', 'take_note', 'gitlab_create_issue']);
    const { message } = await product.call('gitlab_create_issue');
    expect(message.error).toBeUndefined();
    expect(gitlab.calls().at(-1)?.params['name']).toBe('create_issue');
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'gitlab' } });
  });

  it('[GW-09] shows added, disabled and removed servers in the next list, without any change at the client', async () => {
    const params = { workspace: product.workspace, server: 'extra' };
    await using extra = await startEchoUpstream({ tools: ['extra_tool'] });
    await product.addServer({ slug: 'extra', url: extra.url });
    expect(await product.toolNames()).toContain('extra_tool');
    await product.client.servers.update({ params, body: { enabled: false } });
    await expect.poll(() => product.toolNames(), { timeout: 1_000 }).not.toContain('extra_tool');
    await product.client.servers.update({ params, body: { enabled: true } });
    await expect.poll(() => product.toolNames(), { timeout: 3_000 }).toContain('extra_tool');
    await product.client.servers.remove({ params });
    await expect.poll(() => product.toolNames(), { timeout: 1_000 }).not.toContain('extra_tool');
    const { message } = await product.call('extra_tool');
    expect(message.error).toMatchObject({ code: -32602, message: 'Unknown tool: extra_tool' });
    expect(extra.calls()).toHaveLength(0);
  });

  it('serves each server at its own URL with the names it uses itself', async () => {
    expect(await product.toolNames({ server: 'github' })).toEqual(['create_issue', 'list_issues']);
    const { message } = await product.call('take_note', {}, { server: 'github' });
    expect(message.error).toMatchObject({ code: -32602, message: 'Unknown tool: take_note' });
  });
});

describe('real published servers', () => {
  it('[GW-03][GW-05] serves two real servers through one URL', async () => {
    await using everything = await startEverything();
    await using monitor = await startSystemMonitor();
    await product.addServer({ slug: 'everything', url: everything.url });
    await product.addServer({ slug: 'monitor', url: monitor.url });
    const names = await product.toolNames();
    expect(names).toContain('echo');
    expect(names.length).toBeGreaterThan(8);
    const { message } = await product.call('echo', { message: 'hello' });
    expect(JSON.stringify(message.result)).toContain('hello');
    for (const server of ['everything', 'monitor']) {
      expect(await product.toolNames({ server })).not.toHaveLength(0);
      await product.client.servers.remove({ params: { workspace: product.workspace, server } });
    }
  });
});
