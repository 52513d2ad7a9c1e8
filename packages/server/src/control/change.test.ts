import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bootstrap } from './bootstrap.ts';
import { runChange } from './change.ts';
import { failure, startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const acme = { workspace: 'acme' };
const url = 'https://one.example.com/mcp';

it('[AUD-05] records who did what to what and when, in every workspace apart', async () => {
  const key = await kit.memberKey('acme', 'bo@example.com', 'admin');
  const bo = kit.clientOf(key);
  kit.advance(1_000);
  await bo.servers.create({ params: acme, body: { name: 'one', url: `${url}?key=canary` } });
  kit.advance(1_000);
  await kit.local.members.add({ params: acme, body: { email: 'cy@example.com' } });
  await kit.owner.workspaces.create({ body: { name: 'Other' } });
  const [member, server] = (await kit.owner.auditEvents.list({ params: acme })).items;
  expect(member).toMatchObject({
    action: 'members.add',
    actor: 'local-cli',
    actorEmail: null,
    detail: { email: 'cy@example.com' },
  });
  expect(server).toMatchObject({
    action: 'servers.create',
    actor: expect.stringMatching(/^user:[0-9a-f-]{36}\/key:[0-9a-f-]{36}$/) as string,
    actorEmail: 'bo@example.com',
    target: 'server:one',
    createdAt: '2026-11-21T12:00:01.000Z',
    detail: { after: { url: `${url}?…` } },
  });
  const other = await kit.owner.auditEvents.list({ params: { workspace: 'other' } });
  expect(other.items.map((event) => event.action)).toEqual(['workspaces.create']);
});

it('[AUD-05] pages through events without losing or repeating one', async () => {
  for (let made = 0; made < 7; made++) {
    await kit.owner.members.add({ params: acme, body: { email: `m${made}@example.com` } });
    if (made % 3 === 0) kit.advance(1);
  }
  const all = (await kit.owner.auditEvents.listAll({ query: { limit: 200 } })).items.map((event) => event.id);
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await kit.owner.auditEvents.listAll({ query: { limit: 3, cursor } });
    paged.push(...page.items.map((event) => event.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(paged).toEqual(all);
  expect(new Set(paged).size).toBe(10);
});

it('[AUD-05] keeps nothing of a change whose audit event cannot be written', async () => {
  const before = await kit.snapshot('acme');
  const nudged = (await kit.nudges()).length;
  await kit.database.db.schema.alterTable('audit_events').renameTo('audit_events_away').execute();
  expect(await failure(kit.owner.servers.create({ params: acme, body: { name: 'one', url } }))).toMatchObject({
    code: 'internal',
  });
  expect(await failure(kit.owner.tokens.issue({ params: acme, body: { label: 'x' } }))).toMatchObject({
    code: 'internal',
  });
  expect((await kit.owner.servers.list({ params: acme })).items).toEqual([]);
  expect((await kit.owner.tokens.list({ params: acme })).items).toHaveLength(1);
  expect(await kit.snapshot('acme')).toEqual(before);
  expect((await kit.nudges()).length).toBe(nudged);
});

it('raises the version by one with each change and nudges after it', async () => {
  const { version, workspace } = await kit.snapshot('acme');
  await kit.owner.servers.create({ params: acme, body: { name: 'one', url } });
  expect((await kit.snapshot('acme')).version).toBe(version + 1);
  expect((await kit.nudges()).at(-1)).toBe(workspace.id);
  const { updated_at } = await kit.database.db
    .selectFrom('gateway_workspaces')
    .select('updated_at')
    .executeTakeFirstOrThrow();
  expect(updated_at).toBe('2026-11-21T12:00:00.000Z');
});

it('leaves nothing of a change that fails after it was recorded', async () => {
  const before = await kit.snapshot('acme');
  const deps = {
    db: kit.database.db,
    bus: { publish: () => Promise.reject(new Error('down')) } as never,
    clock: { now: () => 0, monotonic: () => 0 },
  };
  const by = { actor: { kind: 'local' } as const, action: 'test', workspaceId: before.workspace.id };
  const work = runChange(deps, by, async (change) => {
    await change.record({ workspaceId: before.workspace.id, target: 'x', publish: 'workspace' });
    throw new Error('stop');
  });
  await expect(work).rejects.toThrow('stop');
  expect(await kit.snapshot('acme')).toEqual(before);
  // A bus that is down costs time, never the change.
  await runChange(deps, by, (change) =>
    change.record({ workspaceId: before.workspace.id, target: 'x', publish: 'workspace' }),
  );
  expect((await kit.snapshot('acme')).version).toBe(before.version + 1);
});

it('opening an address publishes every workspace', async () => {
  await kit.owner.workspaces.create({ body: { name: 'Other' } });
  await kit.owner.network.allow({ body: { target: 'LOCALHOST:9101' } });
  for (const slug of ['acme', 'other'])
    expect((await kit.snapshot(slug)).networkAllow).toEqual([{ host: 'localhost', port: 9101 }]);
  await kit.owner.network.revoke({ params: { target: 'localhost:9101' } });
  for (const slug of ['acme', 'other']) expect((await kit.snapshot(slug)).networkAllow).toEqual([]);
  for (const target of [
    'localhost',
    '*:80',
    '10.0.0.0/8:80',
    'host:0',
    'host:65536',
    'http://host:80',
    '',
    ':80',
    '[::1]',
  ]) {
    expect([target, (await failure(kit.owner.network.allow({ body: { target } }))).status]).toEqual([target, 400]);
  }
  expect(await kit.owner.network.allow({ body: { target: '[0:0:0:0:0:0:0:1]:80' } })).toMatchObject({
    target: '[::1]:80',
  });
});

it('changes workspace settings within their bounds, and nothing it was not told', async () => {
  const update = (settings: object) => kit.owner.workspaces.update({ params: acme, body: { settings } });
  await update({ auditMode: 'strict', limits: { principalPerMinute: 60 } });
  const { settings } = await update({ retentionDays: 30 });
  expect(settings).toEqual({
    access: { preset: 'open', enforcement: false },
    publishing: { teams: [] },
    hosting: { orchestratorEnabled: false, plan: 'team', idleMinutes: null, pausedMinutes: 60, personalPerMember: 2 },
    auditMode: 'strict',
    retentionDays: 30,
    toolList: { mode: 'all', autoAboveTokens: 20_000 },
    limits: { principalPerMinute: 60, workspacePerMinute: null, principalConcurrency: 256, writePerMinute: null },
  });
  const { publishing: _, hosting: __, ...ofGateway } = settings;
  expect((await kit.snapshot('acme')).settings).toEqual(ofGateway);
  expect((await update({ limits: { principalPerMinute: null } })).settings.limits.principalPerMinute).toBeNull();
  for (const wrong of [
    { retentionDays: 29 },
    { retentionDays: 2556 },
    { auditMode: 'off' },
    { limits: { other: 1 } },
  ]) {
    expect(await failure(update(wrong))).toMatchObject({ code: 'invalid_input' });
  }
  expect(await failure(kit.owner.workspaces.create({ body: { name: 'ACME' } }))).toMatchObject({
    code: 'already_exists',
  });
});

it('bootstraps an empty instance once', async () => {
  const again = bootstrap(
    {
      database: kit.database,
      bus: { publish: async () => undefined } as never,
      clock: { now: () => 0, monotonic: () => 0 },
    },
    { email: 'eve@example.com', workspace: 'eve' },
  );
  await expect(again).rejects.toMatchObject({ code: 'conflict' });
  expect((await kit.owner.workspaces.list()).items.map((item) => item.slug)).toEqual(['acme']);
  expect(await kit.owner.instance.show()).toMatchObject({
    database: 'sqlite',
    counts: { workspaces: 1, servers: 0, members: 1, tokens: 1 },
  });
});

it('[AUD-01][AUD-09] lists tool calls with filters and pages', async () => {
  const { workspace } = await kit.snapshot('acme');
  const row = (seq: number, status: number) => ({
    ...{
      id: `0199d2b4-7c1e-7a53-9f04-00000000000${seq}`,
      workspace_id: workspace.id,
      member_id: null,
      token_id: 't',
      principal_kind: 'workspace',
    },
    ...{
      server_id: 's',
      server_slug: 'one',
      tool_name: 'echo',
      status,
      outcome: status === 200 ? 'ok' : 'denied',
      error_code: null,
      latency_ms: 1,
      upstream_ms: null,
    },
    ...{
      created_at: `2026-11-21T12:00:0${seq}.000Z`,
      dispatched: 1,
      rule: 'member',
      policy_version: 1,
      definition_hash: null,
    },
    ...{
      args_shape: '{"type":"object"}',
      args_mac: 'm',
      era: 'modern',
      protocol_version: null,
      client_name: null,
      bytes_in: 1,
      bytes_out: 2,
    },
    ...{ trace_id: null, node: 'n', epoch: 1, seq },
  });
  await kit.database.db
    .insertInto('mcp_tool_calls')
    .values([row(1, 200), row(2, 403), row(3, 200)])
    .execute();
  const list = async (query: object) =>
    (await kit.owner.calls.list({ params: acme, query })).items.map((item) => Number(item.id.slice(-1)));
  expect(await list({})).toEqual([3, 2, 1]);
  expect(await list({ status: 403 })).toEqual([2]);
  expect(await list({ server: 'two' })).toEqual([]);
  expect(await list({ from: '2026-11-21T12:00:02Z', to: '2026-11-21T12:00:03Z' })).toEqual([2]);
  const first = await kit.owner.calls.list({ params: acme, query: { limit: 2 } });
  expect(await list({ limit: 2, cursor: first.nextCursor! })).toEqual([1]);
  expect(first.items[0]).toMatchObject({ dispatched: true, argsShape: { type: 'object' } });
});

it('answers 503 with the remedy while the disk of the database is full, changes nothing, and goes on afterwards', async () => {
  const before = (await kit.owner.auditEvents.listAll({ query: { limit: 200 } })).items.length;
  const pages = await sql<{ page_count: number }>`pragma page_count`.execute(kit.database.db);
  await sql.raw(`pragma max_page_count = ${pages.rows[0]!.page_count}`).execute(kit.database.db);
  const fill = Array.from({ length: 200 }, (_, i) => ({ email: `full${i}@example.com` }));
  let refused: Response | undefined;
  for (const body of fill) {
    const response = await kit.send('POST', '/api/v1/workspaces/acme/members', { body });
    if (response.status === 201) continue;
    refused = response;
    break;
  }
  expect(refused?.status).toBe(503);
  expect(await refused!.json()).toMatchObject({
    code: 'unavailable',
    detail: expect.stringMatching(/disk is full/) as string,
  });
  const members = (await kit.owner.members.list({ params: acme })).items.filter(({ email }) =>
    email.startsWith('full'),
  );
  const events = (await kit.owner.auditEvents.listAll({ query: { limit: 200 } })).items.length - before;
  expect(events).toBe(members.length);
  await sql.raw('pragma max_page_count = 100000').execute(kit.database.db);
  expect(
    (await kit.send('POST', '/api/v1/workspaces/acme/members', { body: { email: 'after@example.com' } })).status,
  ).toBe(201);
});
