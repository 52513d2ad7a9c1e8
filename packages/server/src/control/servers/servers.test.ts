import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const acme = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const add = (slug: string, more: object = {}) =>
  kit.owner.servers.create({
    params: acme,
    body: { name: slug, slug, url: `https://${slug}.example.com/mcp`, ...more },
  });
const slugs = async () => (await kit.owner.servers.list({ params: acme })).items.map((server) => server.slug);

describe('servers', () => {
  it('[GW-06] keeps the order it is given, in the list and in the snapshot', async () => {
    await add('one');
    await add('two');
    await add('three', { position: 1 });
    expect(await slugs()).toEqual(['three', 'one', 'two']);
    await kit.owner.servers.move({ params: { ...acme, server: 'three' }, body: { position: 2 } });
    expect(await slugs()).toEqual(['one', 'three', 'two']);
    await kit.owner.servers.move({ params: { ...acme, server: 'one' }, body: { position: 99 } });
    expect((await kit.snapshot('acme')).servers.map((server) => server.slug)).toEqual(['three', 'two', 'one']);
    await kit.owner.servers.remove({ params: { ...acme, server: 'two' } });
    expect(
      (await kit.owner.servers.list({ params: acme })).items.map(({ slug, position }) => [slug, position]),
    ).toEqual([
      ['three', 1],
      ['one', 2],
    ]);
  });

  it('[GW-07] takes a prefix once per workspace and gives it back', async () => {
    await add('github', { prefix: 'git' });
    expect(await failure(add('gitlab', { prefix: 'git' }))).toMatchObject({ code: 'already_exists', status: 409 });
    await kit.owner.servers.update({ params: { ...acme, server: 'github' }, body: { prefix: null } });
    await add('gitlab', { prefix: 'git' });
    expect((await kit.snapshot('acme')).servers.map((server) => server.prefix)).toEqual([null, 'git']);
  });

  it('[GW-16] shows a server to the gateway only when it is enabled', async () => {
    const { id } = await add('one', { enabled: false });
    expect(await kit.snapshot('acme')).toMatchObject({ servers: [], disabledServerIds: [id] });
    await kit.owner.servers.update({ params: { ...acme, server: 'one' }, body: { enabled: true } });
    expect(await kit.snapshot('acme')).toMatchObject({ servers: [{ id, revision: 2 }], disabledServerIds: [] });
  });

  it('[GW-17] makes a revision of every change and goes back to any of them', async () => {
    await add('one', { note: 'first' });
    const params = { ...acme, server: 'one' };
    await kit.owner.servers.update({
      params,
      body: { url: 'https://other.example.com/mcp', limits: { concurrency: 2 } },
    });
    const back = await kit.owner.servers.rollback({ params, body: { revision: 1 } });
    expect(back).toMatchObject({ url: 'https://one.example.com/mcp', revision: 3, limits: { concurrency: 64 } });
    const { items } = await kit.owner.servers.revisions({ params });
    expect(items.map(({ revision, note }) => [revision, note])).toEqual([
      [3, 'Rollback to revision 1'],
      [2, ''],
      [1, 'first'],
    ]);
    expect(items[1]!.config).toMatchObject({ url: 'https://other.example.com/mcp', limits: { concurrency: 2 } });
    expect((await kit.snapshot('acme')).servers[0]).toMatchObject({ url: 'https://one.example.com/mcp', revision: 3 });
    expect(await failure(kit.owner.servers.rollback({ params, body: { revision: 9 } }))).toMatchObject({
      code: 'not_found',
    });
  });

  it('[edge 42] keeps the time for calls that report progress at least as long as that of others', async () => {
    const plain = await add('one');
    expect(plain.limits).toMatchObject({ deadlineMs: 60_000, progressDeadlineMs: 600_000 });
    const long = await add('long', { limits: { deadlineMs: 1_200_000 } });
    expect(long.limits).toMatchObject({ deadlineMs: 1_200_000, progressDeadlineMs: 1_200_000 });
    const params = { ...acme, server: 'one' };
    expect(
      await failure(kit.owner.servers.update({ params, body: { limits: { deadlineMs: 700_000 } } })),
    ).toMatchObject({
      code: 'invalid_input',
      detail: expect.stringContaining('progressDeadlineMs (600000)') as string,
    });
    const body = { limits: { deadlineMs: 700_000, progressDeadlineMs: 800_000 } };
    expect((await kit.owner.servers.update({ params, body })).limits).toMatchObject(body.limits);
    expect((await kit.snapshot('acme')).servers[0]!.limits).toMatchObject(body.limits);
  });

  it('makes no revision, event or snapshot of a change that changes nothing', async () => {
    await add('one');
    const before = await kit.snapshot('acme');
    const same = await kit.owner.servers.update({ params: { ...acme, server: 'one' }, body: { name: 'one' } });
    expect(same.revision).toBe(1);
    expect((await kit.snapshot('acme')).version).toBe(before.version);
  });

  it('[GW-11] seals a credential, shows its header names only, and opens it for its own server alone', async () => {
    const { id } = await add('one');
    const params = { ...acme, server: 'one' };
    const shown = await kit.owner.servers.setCredential({ params, body: { headers: { 'X-Api-Key': 'canary-value' } } });
    expect(shown.credential).toEqual({ headers: ['x-api-key'] });
    const credential = (await kit.snapshot('acme')).servers[0]!.credential!;
    const { sealed } = credential.headers[0]!;
    expect(sealed).not.toContain('canary');
    expect(kit.vault.open(sealed, `server/${id}/header/x-api-key`).reveal()).toBe('canary-value');
    expect(() => kit.vault.open(sealed, 'server/other/header/x-api-key')).toThrow();

    await kit.owner.servers.setCredential({ params, body: { bearer: 'abc.def' } });
    const next = (await kit.snapshot('acme')).servers[0]!.credential!;
    expect(next.id).not.toBe(credential.id);
    expect(kit.vault.open(next.headers[0]!.sealed, `server/${id}/header/authorization`).reveal()).toBe(
      'Bearer abc.def',
    );

    await kit.owner.servers.clearCredential({ params });
    expect((await kit.snapshot('acme')).servers[0]!.credential).toBeNull();
    await kit.owner.servers.rollback({ params, body: { revision: 2 } });
    expect((await kit.snapshot('acme')).servers[0]!.credential).toEqual(credential);
  });

  it('[GW-11] never sends a stored credential to another origin', async () => {
    await add('one');
    const params = { ...acme, server: 'one' };
    await kit.owner.servers.setCredential({ params, body: { bearer: 'abc' } });
    const elsewhere = { url: 'https://attacker.example.net/mcp' };
    expect(await failure(kit.owner.servers.update({ params, body: elsewhere }))).toMatchObject({ code: 'conflict' });
    await kit.owner.servers.update({ params, body: { url: 'https://one.example.com/v2/mcp' } });
    await kit.owner.servers.clearCredential({ params });
    await kit.owner.servers.update({ params, body: elsewhere });
    expect((await kit.snapshot('acme')).servers[0]).toMatchObject({ ...elsewhere, credential: null });
  });

  it.each([
    ['Host', 'a'],
    ['Content-Length', '3'],
    ['content-type', 'text/plain'],
    ['Connection', 'close'],
    ['Transfer-Encoding', 'chunked'],
    ['Mcp-Session-Id', 'a'],
    ['mcp-protocol-version', 'a'],
    ['X-Forwarded-For', '1.2.3.4'],
    ['Forwarded', 'for=1.2.3.4'],
    ['Proxy-Authorization', 'a'],
    ['bad name', 'a'],
    ['', 'a'],
    ['X-Key', 'line\r\nX-Other: 1'],
    ['X-Key', 'nul\u0000'],
    ['X-Key', 'ünicode'],
    ['X-Key', ''],
  ])('[GW-11] refuses the credential header %j with the value %j', async (name, value) => {
    await add('one');
    const params = { ...acme, server: 'one' };
    const problem = await failure(kit.owner.servers.setCredential({ params, body: { headers: { [name]: value } } }));
    expect(problem).toMatchObject({ code: 'invalid_input', status: 400 });
    expect((await kit.owner.servers.show({ params })).credential).toBeNull();
  });

  it.each([
    'ftp://a.example.com',
    'https://user:pw@a.example.com',
    'https://a.example.com/#x',
    'a.example.com',
    'https://a b.example.com',
    '',
  ])('refuses the URL %j and says why', async (url) => {
    const problem = await failure(add('one', { url }));
    expect(problem).toMatchObject({ code: 'invalid_input', issues: [{ path: 'body.url' }] });
    expect(await slugs()).toEqual([]);
  });

  it.each(['a_b', 'A', '-a', 'a-', 'a--b', 'x'.repeat(41), ''])('refuses the slug %j', async (slug) => {
    expect(await failure(add('one', { slug }))).toMatchObject({ issues: [{ path: 'body.slug' }] });
  });

  it('makes a slug of the name when none is given', async () => {
    const create = (name: string) =>
      kit.owner.servers.create({ params: acme, body: { name, url: 'https://a.example.com' } });
    expect((await create('Café & Wörter (v2)')).slug).toBe('cafe-worter-v2');
    expect(await failure(create('日本'))).toMatchObject({ issues: [{ path: 'body.slug' }] });
  });

  it.each([
    ['http://127.0.0.1:9101/mcp', '127.0.0.1:9101'],
    ['http://localhost:9101/mcp', 'localhost:9101'],
    ['https://10.1.2.3/mcp', '10.1.2.3:443'],
    ['http://[::1]:9101/mcp', '[::1]:9101'],
    ['https://db.internal/mcp', 'db.internal:443'],
    ['http://mcp.example.com/mcp', 'mcp.example.com:80'],
  ])('warns that %s is not open yet and names the remedy that works', async (url, target) => {
    const made = await add('one', { url });
    expect(made.warnings).toMatchObject([{ code: 'address_not_open', remedy: `mcpnest network allow ${target}` }]);
    await kit.owner.network.allow({ body: { target } });
    expect((await kit.owner.servers.show({ params: { ...acme, server: 'one' } })).warnings).toEqual([]);
    const [host, port] = [target.slice(0, target.lastIndexOf(':')), Number(target.slice(target.lastIndexOf(':') + 1))];
    expect((await kit.snapshot('acme')).networkAllow).toEqual([{ host, port }]);
  });

  it('does not warn about a public https URL', async () => {
    expect((await add('one')).warnings).toEqual([]);
  });

  it('erases every stored credential of a removed server and frees its slug', async () => {
    const { id } = await add('one');
    const params = { ...acme, server: 'one' };
    await kit.owner.servers.setCredential({ params, body: { bearer: 'abc' } });
    await kit.owner.servers.remove({ params });
    expect(await failure(kit.owner.servers.show({ params }))).toMatchObject({ code: 'not_found' });
    const { db } = kit.database;
    const rows = await db.selectFrom('server_revisions').select('config').where('server_id', '=', id).execute();
    expect(rows.map((row) => row.config).join()).not.toContain('sealed');
    const row = await db
      .selectFrom('gateway_workspace_servers')
      .select('config_override')
      .where('id', '=', id)
      .executeTakeFirst();
    expect(row?.config_override).toBe('{}');
    expect((await add('one')).id).not.toBe(id);
  });

  it('[GW-13] shows the health the gateway recorded, and unknown before that', async () => {
    const { id, health } = await add('one');
    expect(health.state).toBe('unknown');
    const seen = { state: 'down', since: '2026-11-21T11:00:00.000Z', last_error_class: 'refused', latency_ms: 12 };
    await kit.database.db
      .insertInto('upstream_health')
      .values({ server_id: id, ...seen, checked_at: seen.since })
      .execute();
    expect(await kit.owner.servers.health({ params: { ...acme, server: 'one' } })).toEqual({
      state: 'down',
      since: seen.since,
      lastErrorClass: 'refused',
      latencyMs: 12,
      checkedAt: seen.since,
      pendingReview: 0,
    });
  });
});
