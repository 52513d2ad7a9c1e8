import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startProduct, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let params: { workspace: string };

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ tools: ['echo', 'write'] }));
  params = { workspace: product.workspace };
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

/** Issue a token and wait until the gateway takes it. */
async function issue(
  body: Parameters<Product['client']['tokens']['issue']>[0]['body'],
): Promise<{ id: string; secret: string }> {
  const { token, secret } = await product.client.tokens.issue({ params, body });
  await expect.poll(async () => (await product.rpc(ping, { token: secret })).status).toBe(200);
  return { id: token.id, secret };
}

/** Every file below a folder, as bytes. */
function filesBelow(dir: string): Buffer[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file));
}

describe('gateway tokens', () => {
  it('[TOK-01][TOK-04] have the form mng_ and 48 lower-case hex characters', async () => {
    const { secret } = await issue({ label: 'form' });
    for (const token of [secret, product.workspaceToken]) expect(token).toMatch(/^mng_[0-9a-f]{48}$/);
  });

  it('[TOK-02] are kept as SHA-256 only, and shown once', async () => {
    const { secret } = await issue({ label: 'hashed' });
    await product.call('echo', {}, { token: secret });
    await product.calls();
    const digest = createHash('sha256').update(secret).digest('hex');
    const files = filesBelow(product.dataDir);
    expect(files.some((bytes) => bytes.includes(digest))).toBe(true);
    expect(files.some((bytes) => bytes.includes(secret))).toBe(false);
    const list = JSON.stringify(await product.client.tokens.list({ params }));
    expect(list).not.toContain(secret);
    expect(list).not.toContain(digest);
  });

  it('[TOK-03][TOK-07] are looked up with every request, also on a connection that has proven one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    stack.defer(() => agent.destroy());
    const url = `${product.url}/api/gw/${product.workspace}`;
    const status = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (await send(url, { agent, headers, body: JSON.stringify(ping) })).status;
    };
    const [first, second] = [await issue({ label: 'first' }), await issue({ label: 'second' })];
    const wrong = `mng_${'0'.repeat(48)}`;
    const expected = [200, 200, 401, 200, 200];
    const presented = [first.secret, second.secret, wrong, first.secret, first.secret];
    for (const [i, token] of presented.entries()) expect(await status(token)).toBe(expected[i]);
    await product.client.tokens.revoke({ params: { ...params, token: first.id } });
    await expect.poll(() => status(first.secret), { timeout: 1_000 }).toBe(401);
    expect(await status(second.secret)).toBe(200);
    const soon = new Date(Date.now() + 1_500).toISOString();
    const brief = await issue({ label: 'brief', expiresAt: soon });
    expect(await status(brief.secret)).toBe(200);
    await expect.poll(() => status(brief.secret), { timeout: 4_000 }).toBe(401);
    expect(await status(second.secret)).toBe(200);
  });

  it('[TOK-07] are judged again when the body has come, however long it took', async () => {
    const brief = await issue({ label: 'slow', expiresAt: new Date(Date.now() + 1_200).toISOString() });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}';
    const { hostname, port, host } = new URL(product.url);
    const socket = connect(Number(port), hostname);
    const answer = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    const before = upstream.calls().length;
    socket.write(
      `POST /api/gw/${product.workspace} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${brief.secret}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await sleep(1_600);
    socket.write(body.slice(10));
    expect(await answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(upstream.calls().length).toBe(before);
    socket.destroy();
  });

  it('[TOK-03] are refused alike whether nearly right or wholly wrong', async () => {
    const right = product.workspaceToken;
    const last = right.at(-1) === '0' ? '1' : '0';
    const wrong = [
      right.slice(0, -1) + last,
      `mng_${randomBytes(24).toString('hex')}`,
      right.toUpperCase(),
      `${right}0`,
      right.slice(0, -1),
    ];
    const answers = await Promise.all(wrong.map((token) => product.rpc(ping, { token })));
    for (const { status, text, headers } of answers) {
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
      expect(text).toBe(answers[0]!.text);
    }
  });

  it('[TOK-05] of a workspace pass with full access', async () => {
    const { secret } = await issue({ label: 'CI' });
    expect(await product.toolNames({ token: secret })).toEqual(['echo', 'write']);
    expect((await product.call('write', {}, { token: secret })).message.error).toBeUndefined();
  });

  it('[TOK-06][edge 13][edge 36] of a member are its own, narrower where wanted, and named in the row', async () => {
    const member = await product.client.members.add({ params, body: { email: 'mo@example.com' } });
    const { id, secret } = await issue({ kind: 'member', memberId: member.id, label: 'mo', scope: ['echo:echo'] });
    expect(secret).toMatch(/^mng_[0-9a-f]{48}$/);
    expect(await product.toolNames({ token: secret })).toEqual(['echo']);
    expect((await product.call('echo', {}, { token: secret })).message.error).toBeUndefined();
    const denied = await product.call('write', {}, { token: secret });
    expect(denied.message.error).toMatchObject({ code: -32003, message: 'Tool not allowed for this user' });
    const rows = (await product.calls()).filter((row) => row.token_id === id);
    expect(rows.map((row) => [row.tool_name, row.status, row.dispatched, row.member_id])).toEqual([
      ['echo', 200, 1, member.id],
      ['write', 403, 0, member.id],
    ]);
  });

  it('[TOK-06][edge 12] hide a server outside their scope as if it did not exist', async () => {
    await using hidden = await startEchoUpstream({ tools: ['hidden_tool'] });
    await product.addServer({ slug: 'hidden', url: hidden.url });
    const { secret } = await issue({ label: 'only echo', scope: ['echo'] });
    expect(await product.toolNames({ token: secret })).toEqual(['echo', 'write']);
    const unknown = await product.call('no_such_tool', {}, { token: secret });
    const secretTool = await product.call('hidden_tool', {}, { token: secret });
    expect(secretTool.message.error?.code).toBe(-32602);
    expect(secretTool.text.replace('hidden_tool', 'X')).toBe(unknown.text.replace('no_such_tool', 'X'));
    const known = await product.rpc(ping, { token: secret, server: 'hidden' });
    const none = await product.rpc(ping, { token: secret, server: 'no-such-server' });
    expect([known.status, none.status]).toEqual([404, 404]);
    expect(known.text.replace('hidden', 'X')).toBe(none.text.replace('no-such-server', 'X'));
    expect(hidden.calls()).toHaveLength(0);
    await product.client.servers.remove({ params: { ...params, server: 'hidden' } });
  });

  it('[TOK-07] end within a second of being revoked, and nobody else notices', async () => {
    const gone = await issue({ label: 'gone' });
    const stays = await issue({ label: 'stays' });
    await product.client.tokens.revoke({ params: { ...params, token: gone.id } });
    const revokedAt = performance.now();
    await expect
      .poll(async () => (await product.rpc(ping, { token: gone.secret })).status, { interval: 10, timeout: 1_000 })
      .toBe(401);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect((await product.call('echo', {}, { token: stays.secret })).status).toBe(200);
  });

  it('[TOK-07] lose what they have open when they are revoked', async () => {
    const { id, secret } = await issue({ label: 'open call' });
    const before = upstream.calls().length;
    upstream.set({ delayMs: 4_000 });
    const open = product.call('echo', {}, { token: secret }).then(
      (answer) => answer.status,
      () => 'closed',
    );
    await expect.poll(() => upstream.calls().length).toBeGreaterThan(before);
    await product.client.tokens.revoke({ params: { ...params, token: id } });
    const started = performance.now();
    expect(await open).toBe('closed');
    expect(performance.now() - started).toBeLessThan(1_000);
    upstream.set({ delayMs: 0 });
  });

  it('[TOK-07] of a removed member end with the membership', async () => {
    const member = await product.client.members.add({ params, body: { email: 'left@example.com' } });
    const { secret } = await issue({ kind: 'member', memberId: member.id, label: 'left' });
    await product.client.members.remove({ params: { ...params, member: member.id } });
    await expect.poll(async () => (await product.rpc(ping, { token: secret })).status, { timeout: 1_000 }).toBe(401);
  });

  it('rotate with an overlap in which both work', async () => {
    const old = await issue({ label: 'rotated' });
    const next = await product.client.tokens.rotate({
      params: { ...params, token: old.id },
      body: { overlapSeconds: 1 },
    });
    await expect.poll(async () => (await product.rpc(ping, { token: next.secret })).status).toBe(200);
    expect((await product.rpc(ping, { token: old.secret })).status).toBe(200);
    await expect
      .poll(async () => (await product.rpc(ping, { token: old.secret })).status, { timeout: 3_000 })
      .toBe(401);
    expect((await product.rpc(ping, { token: next.secret })).status).toBe(200);
  });
});

describe('one kind of credential never works in the place of the other', () => {
  it('[TOK-01] refuses a control key at the gateway and a gateway token at the control API', async () => {
    expect((await product.rpc(ping, { token: product.apiKey })).status).toBe(401);
    const answer = await fetch(`${product.url}/api/v1/workspaces`, {
      headers: { authorization: `Bearer ${product.workspaceToken}` },
    });
    expect(answer.status).toBe(401);
    await answer.arrayBuffer();
  });
});
