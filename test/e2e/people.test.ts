import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request as httpRequest } from 'node:http';
import { createClient } from '@mcpnest/contract/client';
import { bootstrapData, startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let echo: EchoUpstream;
let params: { workspace: string };

beforeAll(async () => {
  product = stack.use(await startProduct());
  echo = stack.use(await startEchoUpstream());
  const everything = stack.use(await startEverything());
  params = { workspace: product.workspace };
  await product.addServer({ slug: 'echo', url: echo.url });
  await product.addServer({ slug: 'everything', url: everything.url });
});
afterAll(() => stack.disposeAsync());

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const status = async (token: string, headers = {}) => (await product.rpc(ping, { token, headers })).status;
const works = (token: string) => expect.poll(() => status(token)).toBe(200);
const clientOf = (apiKey: string) => createClient({ baseUrl: product.url, apiKey });

/** A person with a gateway token and a control key, as an invitation makes one. */
async function person(email: string) {
  const { secret: invitation } = await product.client.invitations.create({ params, body: { email } });
  const accepted = await clientOf(invitation).invitations.accept({ body: {} });
  const client = clientOf(accepted.secret);
  const { token, secret } = await client.tokens.issue({ params, body: { kind: 'member', label: 'laptop' } });
  await works(secret);
  return { member: accepted.member.id, client, tokenId: token.id, token: secret };
}

/** A legacy session. @returns its headers */
async function openSession(token: string): Promise<Record<string, string>> {
  const { headers } = await product.rpc(
    {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    },
    { token },
  );
  return { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' };
}

/** A call that streams progress for half a minute. */
function openStream(token: string, session: Record<string, string>) {
  const events: string[] = [];
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 2,
    method: 'tools/call',
    params: {
      name: 'trigger-long-running-operation',
      arguments: { duration: 30, steps: 120 },
      _meta: { progressToken: 1 },
    },
  });
  const closed = new Promise<'ended' | 'cut'>((resolve) => {
    const req = httpRequest(product.gateway(), {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...{ accept: 'application/json, text/event-stream', ...session },
      },
    });
    req.on('error', () => resolve('cut'));
    req.on('response', (res) => {
      res.on('data', (chunk: Buffer) => events.push(chunk.toString()));
      res.on('error', () => resolve('cut'));
      res.on('end', () => resolve('ended'));
    });
    req.end(body);
  });
  return { closed, events };
}

describe('removing a member', () => {
  it('[TOK-07][L2-07] ends tokens, control keys, sessions and streams within a second, and touches nobody else', async () => {
    const [leaves, stays] = [await person('leaves@example.com'), await person('stays@example.com')];
    const sessions = { leaves: await openSession(leaves.token), stays: await openSession(stays.token) };
    const streams = {
      leaves: openStream(leaves.token, sessions.leaves),
      stays: openStream(stays.token, sessions.stays),
    };
    for (const { events } of [streams.leaves, streams.stays])
      await expect.poll(() => events.join(''), { timeout: 10_000 }).toContain('notifications/progress');

    await product.client.members.remove({ params: { ...params, member: leaves.member } });
    const removedAt = performance.now();
    expect(['cut', 'ended']).toContain(await streams.leaves.closed);
    expect(performance.now() - removedAt).toBeLessThan(1_000);
    expect(await status(leaves.token)).toBe(401);
    expect(await status(leaves.token, sessions.leaves)).toBe(401);
    expect(await status(stays.token, sessions.leaves)).toBe(404);
    await expect(leaves.client.tokens.list({ params })).rejects.toMatchObject({ problem: { status: 401 } });

    expect(await status(stays.token, sessions.stays)).toBe(200);
    expect((await stays.client.tokens.list({ params })).items).toHaveLength(1);
    const heard = streams.stays.events.length;
    await expect.poll(() => streams.stays.events.length, { timeout: 5_000 }).toBeGreaterThan(heard + 1);
    await product.client.tokens.revoke({ params: { ...params, token: stays.tokenId } });
    expect(['cut', 'ended']).toContain(await streams.stays.closed);
  });
});

describe('a machine', () => {
  it('[TOK-11][AUD-01] calls as itself, stops at once when switched off or when its owner goes, and others notice nothing', async () => {
    const owner = await person('owner-of-ci@example.com');
    const machine = await product.client.machines.create({ params, body: { name: 'ci', ownerId: owner.member } });
    const at = { ...params, machine: machine.id };
    const { token, secret } = await product.client.tokens.issue({
      params,
      body: { kind: 'machine', machineId: machine.id, label: 'runner' },
    });
    await works(secret);
    expect((await product.call('echo', {}, { token: secret, server: 'echo' })).message.error).toBeUndefined();
    const rows = (await product.calls()).filter((row) => row.token_id === token.id);
    expect(rows).toMatchObject([{ principal_kind: 'machine', member_id: null, rule: 'machine', status: 200 }]);
    expect((await product.client.calls.list({ params, query: { machineId: machine.id } })).items).toMatchObject([
      { machineId: machine.id, tool: 'echo' },
    ]);

    echo.set({ delayMs: 5_000 });
    const before = echo.calls().length;
    const open = product.call('echo', {}, { token: secret, server: 'echo' }).then(
      () => 'answered',
      () => 'cut',
    );
    await expect.poll(() => echo.calls().length).toBeGreaterThan(before);
    await product.client.machines.update({ params: at, body: { enabled: false } });
    const disabledAt = performance.now();
    expect(await open).toBe('cut');
    expect(performance.now() - disabledAt).toBeLessThan(1_000);
    echo.set({ delayMs: 0 });
    expect(await status(secret)).toBe(401);
    expect(await status(owner.token)).toBe(200);
    await product.client.machines.update({ params: at, body: { enabled: true } });
    await works(secret);

    await product.client.members.remove({ params: { ...params, member: owner.member } });
    await expect.poll(() => status(secret), { timeout: 1_000 }).toBe(401);
    const heir = await person('heir@example.com');
    await product.client.machines.update({ params: at, body: { ownerId: heir.member } });
    await works(secret);
  });
});

it('[TOK-06] a token tells when it was last used, also after a restart; one that was not used tells nothing', async () => {
  using data = await bootstrapData();
  const at = { workspace: data.workspace };
  const from = new Date().toISOString();
  {
    await using first = await startProduct({ data });
    await first.client.tokens.issue({ params: at, body: { label: 'idle' } });
    expect((await first.rpc(ping)).status).toBe(200);
    expect((await first.rpc(ping, { token: `mng_${'0'.repeat(48)}` })).status).toBe(401);
  }
  const until = new Date().toISOString();
  await using second = await startProduct({ data });
  const { items } = await second.client.tokens.list({ params: at });
  const [idle, used] = items.map(({ lastUsedAt }) => lastUsedAt);
  expect(items.map(({ label }) => label)).toEqual(['idle', 'First token']);
  expect(idle).toBeNull();
  expect(used! >= from && used! <= until).toBe(true);
});
