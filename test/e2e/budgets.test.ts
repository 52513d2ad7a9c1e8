import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let params: { workspace: string };
let members: { ada: string; bo: string };

const perMinute = 3;

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  upstream = stack.use(await startEchoUpstream({ tools: ['look', 'change', 'erase'] }));
  await product.addServer({ slug: 'box', url: upstream.url });
  const person = async (name: string) =>
    (await product.client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  members = { ada: await person('ada'), bo: await person('bo') };
  await product.client.serverTools.classify({
    params: { ...params, server: 'box' },
    body: {
      classes: [
        { tool: 'look', class: 'read' },
        { tool: 'erase', class: 'destructive' },
      ],
    },
  });
});
afterAll(() => stack.disposeAsync());

/** A token nobody has used: its buckets are full. */
const tokenOf = async (memberId?: string): Promise<string> => {
  const body = memberId === undefined ? { label: 't' } : { label: 't', kind: 'member' as const, memberId };
  const { secret } = await product.client.tokens.issue({ params, body });
  await until('the token works', async () => (await product.toolNames({ token: secret })).length > 0);
  return secret;
};

const call = async (token: string, tool: string): Promise<RpcMessage> =>
  (await product.call(tool, {}, { token })).message;
const codes = async (token: string, ...tools: string[]): Promise<unknown[]> => {
  const seen = [];
  for (const tool of tools) seen.push((await call(token, tool)).error?.code);
  return seen;
};
/** The last of these is over the budget; says which budget it was. */
const exhausted = async (token: string, ...tools: string[]): Promise<unknown> => {
  const seen = [];
  for (const tool of tools) seen.push((await call(token, tool)).error);
  expect(seen.slice(0, -1).every((error) => error === undefined)).toBe(true);
  const last = seen.at(-1);
  expect(last).toMatchObject({ code: 429, message: expect.stringContaining('retry in') as string });
  expect(last?.data?.['retryAfterMs']).toBeGreaterThan(0);
  return last?.data?.['limit'];
};

async function withLimits<T>(limits: Record<string, number>, work: () => Promise<T>): Promise<T> {
  const at = { ...params, server: 'box' };
  await product.client.servers.update({ params: at, body: { limits } });
  await settled();
  try {
    return await work();
  } finally {
    const none = Object.fromEntries(Object.keys(limits).map((name) => [name, null]));
    await product.client.servers.update({ params: at, body: { limits: none } });
    await settled();
  }
}

/** The gateway has taken the newest snapshot: a change of the control plane is nudged at once. */
const settled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 150));

describe('budgets of one person', () => {
  it('[REG-06] at a server: all their tokens share it, nobody else is touched', async () => {
    await withLimits({ principalPerMinute: perMinute }, async () => {
      const [first, second, bo] = [await tokenOf(members.ada), await tokenOf(members.ada), await tokenOf(members.bo)];
      expect(await codes(first, 'look', 'change')).toEqual([undefined, undefined]);
      expect(await exhausted(second, 'erase', 'look')).toBe('server.principalPerMinute');
      expect(await codes(bo, 'look', 'change', 'erase', 'look')).toEqual([undefined, undefined, undefined, 429]);
    });
  });

  it('[REG-06] at a tool: other tools go on, and what is over it never reaches the server', async () => {
    await withLimits({ principalToolPerMinute: perMinute }, async () => {
      const [ada, machine] = [await tokenOf(members.ada), await tokenOf()];
      const before = upstream.calls().length;
      expect(await exhausted(ada, 'change', 'change', 'change', 'change')).toBe('server.principalToolPerMinute');
      expect(upstream.calls().length - before).toBe(perMinute);
      expect(await codes(ada, 'look')).toEqual([undefined]);
      expect(await codes(machine, 'change')).toEqual([undefined]);
      const row = (await product.calls()).findLast(({ outcome }) => outcome === 'throttled');
      expect(row).toMatchObject({ status: 429, dispatched: 0, rule: 'limit:server.principalToolPerMinute' });
    });
  });

  it('[REG-06] for tools that write or destroy, and for none that read', async () => {
    const set = (writePerMinute: number | null) =>
      product.client.workspaces.update({ params, body: { settings: { limits: { writePerMinute } } } });
    await set(perMinute);
    await settled();
    const token = await tokenOf(members.ada);
    expect(await exhausted(token, 'change', 'change', 'change', 'change')).toBe('workspace.writePerMinute');
    expect(await exhausted(token, 'erase', 'erase', 'erase', 'erase')).toBe('workspace.writePerMinute');
    expect(await codes(token, 'look', 'look', 'look', 'look', 'look')).not.toContain(429);
    await set(null);
  });

  it('[REG-06] in flight to a server: the next is told when to come, and comes through later', async () => {
    await withLimits({ principalConcurrency: 2 }, async () => {
      const [ada, bo] = [await tokenOf(members.ada), await tokenOf(members.bo)];
      upstream.set({ delayMs: 600 });
      const running = [call(ada, 'look'), call(ada, 'look')];
      const before = upstream.calls().length;
      await until('both run', async () => upstream.calls().length >= before + 1);
      await settled();
      const third = (await call(ada, 'look')).error;
      expect(third).toMatchObject({ code: 429, data: { limit: 'server.principalConcurrency', retryAfterMs: 1_000 } });
      expect((await call(bo, 'look')).error).toBeUndefined();
      expect((await Promise.all(running)).map(({ error }) => error)).toEqual([undefined, undefined]);
      upstream.set({ delayMs: 0 });
      expect(await codes(ada, 'look')).toEqual([undefined]);
    });
  });

  it('[REG-06] reach a real client as an error that names the budget and the time', async () => {
    await withLimits({ principalPerMinute: 1 }, async () => {
      const token = await tokenOf(members.bo);
      const client = new Client({ name: 'sdk', version: '1' });
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL(product.gateway()), { requestInit }));
      await client.callTool({ name: 'look', arguments: {} }).catch(() => undefined);
      const error = await client.callTool({ name: 'look', arguments: {} }).then(
        () => undefined,
        (thrown: Error & { code?: number; data?: unknown }) => thrown,
      );
      expect(error).toMatchObject({ code: 429, data: { limit: 'server.principalPerMinute' } });
      await client.close();
    });
  });
});

describe('the budget for writing', () => {
  const writePerMinute = async (): Promise<number | null> =>
    (await product.client.workspaces.show({ params })).settings.limits.writePerMinute;
  const preset = (name: 'open' | 'strict', limits?: { writePerMinute: number | null }) =>
    product.client.workspaces.update({ params, body: { settings: { access: { preset: name }, limits } } });

  it('[REG-06] is 60 in a strict workspace and none in an open one, unless somebody sets it', async () => {
    expect(await writePerMinute()).toBe(null);
    await preset('strict');
    expect(await writePerMinute()).toBe(60);
    await preset('open');
    expect(await writePerMinute()).toBe(null);
    await preset('strict', { writePerMinute: 7 });
    await preset('open');
    expect(await writePerMinute()).toBe(7);
    await preset('open', { writePerMinute: null });
  });
});
