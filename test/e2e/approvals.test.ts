import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapData, openParts, startProduct, until, type Product, type ProductData } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { openSession } from '../sessions.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let product: Product;
let upstream: EchoUpstream;
let params: { workspace: string };
let juniorId: string;
let token: string;
let tokenId: string;

const inputSchema = { type: 'object', properties: { repo: { type: 'string' }, n: { type: 'number' } } };
const tools = ['look', 'drop', 'wipe', 'ask'].map((name) => ({ name, inputSchema }));

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  product = await startProduct({ data });
  stack.defer(() => product[Symbol.asyncDispose]());
  params = { workspace: product.workspace };
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools }));
  await product.addServer({ slug: 'github', url: upstream.url });
  juniorId = (await product.client.members.add({ params, body: { email: 'junior@example.com' } })).id;
  const issued = await product.client.tokens.issue({
    params,
    body: { kind: 'member', memberId: juniorId, label: 'laptop' },
  });
  [token, tokenId] = [issued.secret, issued.token.id];
  await requireApproval('drop');
});
afterAll(() => stack.disposeAsync());

async function requireApproval(...targets: string[]): Promise<void> {
  await change(targets.map((target) => ({ target, approval: 'required' as const })));
}
async function change(
  settings: { target: string; approval: 'required' | 'none'; expiresInMinutes?: number }[],
): Promise<void> {
  await product.client.approvalSettings.update({ params: { ...params, server: 'github' }, body: { settings } });
  const [{ target, approval }] = settings as [(typeof settings)[number]];
  if (target.startsWith('@')) return;
  await until(`${target} is ${approval}`, async () => {
    const { error } = (await drop({ probe: Math.random() }, target)).message;
    return (error?.code === 428) === (approval === 'required');
  });
}

let made = 0;
/** Arguments that no other call has. */
const fresh = (): { repo: string; n: number } => ({ repo: 'Kronjuwelen', n: ++made });
const drop = (args: object, tool = 'drop', as: string = token) => product.call(tool, args, { token: as });
const asked = (message: RpcMessage): string => {
  expect(message.error).toMatchObject({ code: 428, data: { retryAfterMs: expect.any(Number) as number } });
  return message.error!.data!['approvalId'] as string;
};
const approve = (approval: string) => product.client.approvals.approve({ params: { ...params, approval }, body: {} });
const sent = (args: object, tool = 'drop'): number =>
  upstream
    .calls()
    .filter(({ params: its }) => its['name'] === tool && JSON.stringify(its['arguments']) === JSON.stringify(args))
    .length;

describe('a call that needs approval', () => {
  it('[NEW-04][REG-08] waits without a connection, is asked for once, runs once, and has its rows', async () => {
    const args = fresh();
    const first = (await drop(args)).message;
    const id = asked(first);
    expect(first.error!.message).toContain(`mcpnest approval approve ${id}`);
    expect(asked((await drop(args)).message)).toBe(id);
    expect(asked((await drop({ n: args.n, repo: args.repo })).message)).toBe(id);
    expect(sent(args)).toBe(0);
    const { items } = await product.client.approvals.list({ params });
    expect(items.find((item) => item.id === id)).toMatchObject({
      requester: 'member:junior@example.com',
      server: 'github',
      tool: 'drop',
      argsShape: { repo: 's1-16', n: 'n' },
      state: 'pending',
    });
    await approve(id);
    expect((await drop(args)).message.result).toBeDefined();
    expect(sent(args)).toBe(1);
    const next = asked((await drop(args)).message);
    expect(next).not.toBe(id);
    expect(sent(args)).toBe(1);
    expect(await product.client.approvals.get({ params: { ...params, approval: id } })).toMatchObject({
      state: 'used',
    });
    const rows = (await product.calls()).filter((row) => row['approval_id'] === id);
    expect(rows.map(({ outcome, status, error_code }) => [outcome, status, error_code])).toEqual([
      ...Array.from({ length: 3 }, () => ['denied', 428, 'approval_required']),
      ['ok', 200, null],
    ]);
    expect(rows.at(0)).toMatchObject({ rule: 'approval:drop', args_shape: '{"repo":"s1-16","n":"n"}', dispatched: 0 });
    expect(rows.at(-1)).toMatchObject({ rule: 'member', dispatched: 1 });
  });

  it('[NEW-04] is listed as every other tool, and those beside it need nothing', async () => {
    expect(await product.toolNames({ token })).toEqual(tools.map(({ name }) => name));
    expect((await drop({ a: 1 }, 'look')).message.result).toBeDefined();
  });

  it('[NEW-04] of 50 racers on one approval exactly one is sent', async () => {
    const args = fresh();
    await approve(asked((await drop(args)).message));
    const answers = await Promise.all(Array.from({ length: 50 }, () => drop(args)));
    expect(answers.filter(({ message }) => message.result !== undefined)).toHaveLength(1);
    const others = answers.filter(({ message }) => message.result === undefined);
    expect(new Set(others.map(({ message }) => asked(message))).size).toBe(1);
    expect(sent(args)).toBe(1);
  });

  it('[NEW-04][REG-06] is not used up by a call that its budget refuses', async () => {
    const server = { ...params, server: 'github' };
    const limit = async (principalToolPerMinute: number | null) => {
      await product.client.servers.update({ params: server, body: { limits: { principalToolPerMinute } } });
      const known = async () => (await drop({ probe: Math.random() }, 'look')).message.error?.code === 429;
      await until('the limit is known', async () => (await known()) === (principalToolPerMinute !== null));
    };
    const [first, args] = [fresh(), fresh()];
    const [used, id] = [asked((await drop(first)).message), asked((await drop(args)).message)];
    await approve(used);
    await approve(id);
    await limit(1);
    expect((await drop(first)).message.result).toBeDefined();
    for (let i = 0; i < 2; i++) {
      expect((await drop(args)).message.error).toMatchObject({
        code: 429,
        data: { limit: 'server.principalToolPerMinute' },
      });
    }
    expect(await product.client.approvals.get({ params: { ...params, approval: id } })).toMatchObject({
      state: 'approved',
      usedAt: null,
    });
    await limit(null);
    expect((await drop(args)).message.result).toBeDefined();
    expect([sent(first), sent(args)]).toEqual([1, 1]);
  });

  it('[NEW-04][NEW-12] answers a repeat of itself without asking anybody again', async () => {
    const args = fresh();
    const call = async () => {
      const _meta = { 'mcpnest.dev/request-id': `drop-${args.n}` };
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'drop', arguments: args, _meta } };
      return (await product.rpc(body, { token })).message;
    };
    const id = asked(await call());
    expect(asked(await call())).toBe(id);
    await approve(id);
    const answers = await Promise.all(Array.from({ length: 10 }, call));
    expect(answers.filter(({ result }) => result === undefined)).toEqual([]);
    expect((await call()).result).toBeDefined();
    expect(sent(args)).toBe(1);
  });

  it('[NEW-04] with other arguments, by another token or at another definition is another call', async () => {
    const args = fresh();
    const id = asked((await drop(args)).message);
    await approve(id);
    const ids = [
      asked((await drop({ ...args, repo: 'other' })).message),
      asked((await drop(args, 'drop', product.workspaceToken)).message),
    ];
    expect(new Set([id, ...ids]).size).toBe(3);
    upstream.set({ era: 'both', tools: tools.map((tool) => ({ ...tool, description: 'changed' })) });
    const server = { ...params, server: 'github' };
    await product.client.servers.update({ params: server, body: { name: 'github again' } });
    const listed = async () =>
      JSON.stringify((await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).message);
    await until('the new definition is listed', async () => (await listed()).includes('changed'), 5_000);
    expect(asked((await drop(args)).message)).not.toBe(id);
    expect(sent(args)).toBe(0);
    expect(await product.client.approvals.get({ params: { ...params, approval: id } })).toMatchObject({
      state: 'void',
    });
  });

  it('[NEW-04] that was refused says so with the reason, and other arguments may be asked for', async () => {
    const args = fresh();
    const approval = asked((await drop(args)).message);
    await product.client.approvals.refuse({ params: { ...params, approval }, body: { reason: 'Not on a Friday.' } });
    expect((await drop(args)).message.error).toMatchObject({
      code: -32003,
      data: { reason: expect.stringContaining('Not on a Friday.') as string, approvalId: approval },
    });
    asked((await drop(fresh())).message);
    expect(sent(args)).toBe(0);
  });

  it('[NEW-04] that a rule has come to deny is denied, approved or not', async () => {
    const args = fresh();
    await approve(asked((await drop(args)).message));
    const body = { effect: 'deny', subject: 'everybody', object: 'github:drop' } as const;
    const rule = (await product.client.rules.create({ params, body })).id;
    await until('it is denied', async () => (await drop(fresh())).message.error?.code === -32003);
    expect((await drop(args)).message.error).toMatchObject({ code: -32003 });
    expect(sent(args)).toBe(0);
    await product.client.rules.remove({ params: { ...params, rule } });
    await until('it may be asked for', async () => (await drop(fresh())).message.error?.code === 428);
    expect((await drop(args)).message.result).toBeDefined();
  });

  it('[NEW-04] expires, and is asked for anew', async () => {
    const args = fresh();
    const id = asked((await drop(args)).message);
    await approve(id);
    await using parts = await openParts(data.dir);
    const past = new Date(Date.now() - 1).toISOString();
    await parts.database.db.updateTable('approvals').set({ expires_at: past }).where('id', '=', id).execute();
    expect(asked((await drop(args)).message)).not.toBe(id);
    expect(sent(args)).toBe(0);
  });

  it('[NEW-04] waits and holds over a restart', async () => {
    const [pending, granted] = [fresh(), fresh()];
    const ids = [asked((await drop(pending)).message), asked((await drop(granted)).message)];
    await approve(ids[1]!);
    await product[Symbol.asyncDispose]();
    product = await startProduct({ data });
    await until('it serves', async () => (await product.toolNames({ token })).length === tools.length);
    expect(asked((await drop(pending)).message)).toBe(ids[0]);
    expect((await drop(granted)).message.result).toBeDefined();
    expect(sent(granted)).toBe(1);
  });

  it('[NEW-04][L2-10] is the same for a class, for the workspace token, and follows the class at once', async () => {
    await requireApproval('@destructive');
    expect((await drop({ a: 1 }, 'wipe')).message.result).toBeDefined();
    await product.client.serverTools.classify({
      params: { ...params, server: 'github' },
      body: { classes: [{ tool: 'wipe', class: 'destructive' }] },
    });
    const needed = async () => (await drop({ b: 1 }, 'wipe', product.workspaceToken)).message.error?.code === 428;
    await until('wipe needs approval', needed, 1_000);
  });

  it('[NEW-04] says so and sends nothing while too many of a token wait', async () => {
    const issued = await product.client.tokens.issue({
      params,
      body: { kind: 'member', memberId: juniorId, label: 'loop' },
    });
    await until('the token is known', async () => (await product.toolNames({ token: issued.secret })).length > 0);
    for (let i = 0; i < 100; i++) asked((await drop({ loop: i }, 'drop', issued.secret)).message);
    const { error } = (await drop({ loop: 100 }, 'drop', issued.secret)).message;
    expect(error).toMatchObject({ code: 429, data: { retryAfterMs: expect.any(Number) as number } });
    expect(asked((await drop({ loop: 0 }, 'drop', issued.secret)).message)).toBeDefined();
  });

  it('[NEW-04] writes no value anywhere', async () => {
    await using parts = await openParts(data.dir);
    const rows = await parts.database.db.selectFrom('approvals').selectAll().execute();
    const events = await parts.database.db.selectFrom('audit_events').selectAll().execute();
    expect(rows.length).toBeGreaterThan(5);
    expect(JSON.stringify([rows, events])).not.toContain('Kronjuwelen');
    const journal = join(data.dir, 'journal');
    for (const file of readdirSync(journal).filter((name) => !name.endsWith('.lock')))
      expect(readFileSync(join(journal, file)).includes('Kronjuwelen')).toBe(false);
  });
});

describe('clients of either generation', () => {
  it.each(['v1', 'v2'] as const)(
    '[NEW-04] [GW-18] SDK %s asks, is told how to come again, and comes again',
    async (sdk) => {
      const url = new URL(product.gateway());
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      const client =
        sdk === 'v1'
          ? new ClientV1({ name: 'sdk-v1', version: '1' })
          : new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      if (client instanceof ClientV1) await client.connect(new TransportV1(url, { requestInit }));
      else await client.connect(new TransportV2(url, { requestInit }));
      const call = { name: 'drop', arguments: fresh() };
      const error = (await client.callTool(call).catch((refused: unknown) => refused)) as {
        code?: number;
        data?: { approvalId?: string };
      };
      expect(error.code).toBe(428);
      await approve(error.data!.approvalId!);
      expect((await client.callTool(call)).isError).not.toBe(true);
      expect(sent(call.arguments)).toBe(1);
      await client.close();
    },
  );

  it('[NEW-04] [GW-18] one request serves every URL and generation of the same token', async () => {
    const args = fresh();
    const modern = () => product.modern('tools/call', { name: 'drop', arguments: args }, { token });
    const { headers } = await openSession(product, { token, server: 'github' });
    const id = asked((await modern()).message);
    expect(asked((await drop(args)).message)).toBe(id);
    expect(asked((await product.call('drop', args, { token, server: 'github', headers })).message)).toBe(id);
    await approve(id);
    expect((await modern()).message.result).toBeDefined();
    expect(sent(args)).toBe(1);
  });

  it('[NEW-04] a revoked token uses nothing, and what it asked for is void', async () => {
    const args = fresh();
    const approval = asked((await drop(args)).message);
    await approve(approval);
    await product.client.tokens.revoke({ params: { ...params, token: tokenId } });
    await until('the token is refused', async () => (await drop(fresh())).status === 401, 1_000);
    expect((await drop(args)).status).toBe(401);
    expect(sent(args)).toBe(0);
    expect(await product.client.approvals.get({ params: { ...params, approval } })).toMatchObject({ state: 'void' });
  });
});
