import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../../../test/servers/postgres.ts';
import { Secret } from '../domain/secret.ts';
import { openPostgres } from '../platform/database/postgres.ts';
import { bootstrap } from './bootstrap.ts';
import { failure, startKit } from './kit.contract.ts';
import { describeLadder } from './ladder.contract.ts';
import type { Kit } from './kit.contract.ts';

/** What differs on PostgreSQL: changes really run at the same time. */
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let kit: Kit;
beforeAll(async () => {
  postgres = await startPostgres();
  kit = await startKit(openPostgres(new Secret(postgres.url)));
});
afterAll(async () => {
  await kit?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const params = { workspace: 'acme' };
const many = (count: number, work: (index: number) => Promise<unknown>) =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => work(index)));
const done = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.filter((result) => result.status === 'fulfilled').length;

it('[GW-06] concurrent changes of one workspace lose nothing: order, revisions and the snapshot hold all of them', async () => {
  const { version } = await kit.snapshot('acme');
  const added = await many(12, (index) =>
    kit.owner.servers.create({
      params,
      body: { name: `s${index}`, url: `https://s${index}.example.com/mcp`, position: 1 },
    }),
  );
  expect(done(added)).toBe(12);
  const { items } = await kit.owner.servers.list({ params });
  expect(items.map((server) => server.position)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  const snapshot = await kit.snapshot('acme');
  expect(snapshot.version).toBe(version + 12);
  expect(snapshot.servers.map((server) => server.slug)).toEqual(items.map((server) => server.slug));

  const server = { ...params, server: 's0' };
  const edited = await many(8, (index) =>
    kit.owner.servers.update({ params: server, body: { limits: { concurrency: index + 1 } } }),
  );
  expect(done(edited)).toBe(8);
  expect((await kit.owner.servers.revisions({ params: server })).items.map((item) => item.revision)).toEqual([
    9, 8, 7, 6, 5, 4, 3, 2, 1,
  ]);
});

it('concurrent claims of one prefix are granted once', async () => {
  const claims = await many(6, (index) =>
    kit.owner.servers.update({ params: { ...params, server: `s${index}` }, body: { prefix: 'git' } }),
  );
  expect(done(claims)).toBe(1);
});

it('a change of the network reaches every workspace beside changes of each', async () => {
  const made = await many(4, (index) => kit.owner.workspaces.create({ body: { name: `w${index}` } }));
  expect(done(made)).toBe(4);
  const mixed = await many(16, (index) =>
    index % 4 === 0
      ? kit.owner.network.allow({ body: { target: `10.0.0.${index}:80` } })
      : kit.owner.tokens.issue({ params: { workspace: `w${index % 4}` }, body: { label: `t${index}` } }),
  );
  expect(mixed.filter((result) => result.status === 'rejected').map((result) => String(result.reason))).toEqual([]);
  for (const slug of ['acme', 'w0', 'w1', 'w2', 'w3'])
    expect([slug, (await kit.snapshot(slug)).networkAllow.length]).toEqual([slug, 4]);
  expect((await kit.snapshot('w1')).tokens).toHaveLength(4);
});

it('claims of one name that no lock orders are granted once, and the others hear why', async () => {
  const same = await many(6, () => kit.owner.workspaces.create({ body: { name: 'Same' } }));
  expect(done(same)).toBe(1);
  for (const result of same) {
    if (result.status === 'rejected') expect((await failure(Promise.reject(result.reason as Error))).status).toBe(409);
  }
});

it('two bootstraps at once make one owner', async () => {
  await using fresh = await startPostgres();
  await using database = openPostgres(new Secret(fresh.url));
  const { migrate } = await import('../platform/database/migrate.ts');
  const clock = { now: () => 0, monotonic: () => 0 };
  await migrate(database, clock);
  const bus = { publish: async () => undefined } as never;
  const both = await many(2, (index) =>
    bootstrap({ database, bus, clock }, { email: `o${index}@example.com`, workspace: `w${index}` }),
  );
  expect(done(both)).toBe(1);
  expect(await database.db.selectFrom('users').select('id').execute()).toHaveLength(1);
});

it('describes the instance and lists with the same numbers and pages as SQLite', async () => {
  expect(await kit.owner.instance.show()).toMatchObject({
    database: 'postgres',
    counts: { workspaces: 6, servers: 12 },
  });
  const page = await kit.owner.auditEvents.listAll({ query: { limit: 5 } });
  const next = await kit.owner.auditEvents.listAll({ query: { limit: 5, cursor: page.nextCursor! } });
  expect(new Set([...page.items, ...next.items].map((item) => item.id)).size).toBe(10);
});

it('[L2-09][TOK-11] keeps teams, machines and last uses with the same numbers as SQLite', async () => {
  const { member, secret } = await kit
    .clientOf((await kit.owner.invitations.create({ params, body: { email: 'ina@example.com' } })).secret)
    .invitations.accept({ body: {} });
  const { slug: team } = await kit.owner.teams.create({ params, body: { name: 'Payments' } });
  await kit.owner.teams.addMember({ params: { ...params, team, member: member.id } });
  await kit.owner.teams.addMember({ params: { ...params, team, member: member.id } });
  expect((await kit.clientOf(secret).teams.list({ params })).items).toMatchObject([{ memberCount: 1 }]);
  const machine = await kit.owner.machines.create({ params, body: { name: 'ci', ownerId: member.id } });
  const { token } = await kit.owner.tokens.issue({
    params,
    body: { kind: 'machine', machineId: machine.id, label: 'runner' },
  });
  const used_at = '2026-11-21T12:34:56.000Z';
  await kit.database.db.insertInto('token_last_use').values({ token_id: token.id, used_at }).execute();
  expect((await kit.clientOf(secret).machines.list({ params })).items).toMatchObject([
    { name: 'ci', state: 'active', lastUsedAt: used_at },
  ]);
  await kit.owner.teams.remove({ params: { ...params, team } });
  await kit.owner.members.remove({ params: { ...params, member: member.id } });
  expect(await kit.owner.machines.show({ params: { ...params, machine: machine.id } })).toMatchObject({
    state: 'suspended',
  });
  expect((await kit.snapshot('acme')).tokens.map(({ id }) => id)).not.toContain(token.id);
});

it('of approvals and refusals of one definition at once the last one holds, and each is whole', async () => {
  const server = { ...params, server: 's1' };
  const { id } = await kit.owner.servers.show({ params: server });
  const body = JSON.stringify(['{"name":"list"}']);
  await kit.database.db
    .insertInto('upstream_lists')
    .values({ server_id: id, kind: 'tools', revision: 1, body, fetched_at: 'x' })
    .execute();
  await kit.owner.servers.update({ params: server, body: { pinning: 'on' } });
  const { hash } = (await kit.owner.reviews.show({ params: server, query: {} })).items[0]!;
  const decided = await many(8, (index) =>
    kit.owner.reviews[index % 2 === 0 ? 'approve' : 'refuse']({
      params: server,
      body: { tools: [{ tool: 'list', hash: hash! }] },
    }),
  );
  expect(done(decided)).toBe(8);
  const [item] = (await kit.owner.reviews.show({ params: server, query: {} })).items;
  expect(await kit.database.db.selectFrom('tool_pins').select('state').execute()).toEqual([{ state: item!.state }]);
  const pins = (await kit.snapshot('acme')).servers.find(({ slug }) => slug === 's1')!.pins;
  expect(pins).toEqual(item!.state === 'approved' ? [['list', hash]] : []);
});

describeLadder('PostgreSQL', () => kit);

it('[TOK-07][NEW-14] of stops and drills that begin at once there is one, and drills are reported', async () => {
  const slug = 'drilled';
  await kit.owner.servers.create({ params, body: { name: slug, url: 'https://mcp.example.com/mcp' } });
  const at = { ...params, server: slug };
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 6 }, () =>
      kit.owner.stops.create({ params, body: { target: `server:${slug}`, reason: 'it loops' } }),
    ),
    ...Array.from({ length: 6 }, () => kit.owner.drills.start({ params: at, body: {} })),
  ]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect((await kit.snapshot('acme')).stops).toHaveLength(1);
  await kit.owner.drills.stop({ params: at });
  expect((await kit.owner.drills.list({ params: at })).items).toMatchObject([{ running: false, calls: 0 }]);
});

it('[L2-09] rules that are made and imported at once end as one of the orders they could have had', async () => {
  await kit.owner.servers.create({ params, body: { name: 'ruled', url: 'https://ruled.example.com/mcp' } });
  const rule = (tool: string) => ({ effect: 'deny' as const, subject: 'everybody', object: `ruled:${tool}` });
  const same = await many(8, () => kit.owner.rules.create({ params, body: rule('same') }));
  expect(done(same)).toBe(1);
  const imports = await many(6, (index) =>
    kit.owner.policy.import({
      params,
      body: { document: { format: 'mcpnest-rules/1', rules: [rule(`a${index}`), rule(`b${index}`)] } },
    }),
  );
  expect(done(imports)).toBe(6);
  const kept = (await kit.owner.policy.export({ params })).rules.map(({ object }) => object);
  expect(kept).toEqual([`ruled:a${kept[0]!.at(-1)!}`, `ruled:b${kept[0]!.at(-1)!}`]);
  expect((await kit.snapshot('acme')).rules?.map(({ object }) => object)).toEqual(kept);
});
