import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
let cy: { id: string; client: Client };
let bo: Client;

beforeAll(async () => {
  kit = await startKit();
  const { owner, database } = kit;
  for (const name of ['github', 'grafana', 'secret']) {
    const { id } = await owner.servers.create({ params, body: { name, url: `https://${name}.example.com/mcp` } });
    const tool = (own: string) => `{"name":"${own}","title":"The ${own}","description":"Does ${own} for ${name}"}`;
    const body = JSON.stringify([tool('read'), tool(`${name}_write`), tool(`${name}_drop`)]);
    await database.db
      .insertInto('upstream_lists')
      .values({ server_id: id, kind: 'tools', revision: 1, body, fetched_at: 'x' })
      .execute();
  }
  const key = await kit.memberKey('acme', 'cy@example.com', 'member');
  bo = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  const { items } = await owner.members.list({ params });
  const id = items.find(({ email }) => email === 'cy@example.com')!.id;
  cy = { id, client: kit.clientOf(key) };
  await owner.teams.create({ params, body: { name: 'Ops' } });
  await owner.servers.update({ params: { ...params, server: 'secret' }, body: { visibility: ['team:ops'] } });
  await owner.rules.create({
    params,
    body: { effect: 'deny', subject: 'member:cy@example.com', object: 'github:github_drop' },
  });
  await owner.approvalSettings.update({
    params: { ...params, server: 'grafana' },
    body: { settings: [{ target: 'grafana_drop', approval: 'required' }] },
  });
  await owner.machines.create({ params, body: { name: 'ci', ownerId: id } });
});
afterAll(() => kit[Symbol.asyncDispose]());

describe('the tools of a person', () => {
  it('[L2-05] are named as clients see them, and those that are not shown say why', async () => {
    const { items, total, subject } = await cy.client.tools.list({ params });
    expect([subject, total]).toEqual(['member:cy@example.com', 6]);
    expect(items.map(({ name, listed, approval }) => [name, listed, approval])).toEqual([
      ['github__read', true, false],
      ['github_write', true, false],
      ['github_drop', false, false],
      ['grafana__read', true, false],
      ['grafana_write', true, false],
      ['grafana_drop', true, true],
    ]);
    expect(items[2]).toMatchObject({ rule: expect.stringMatching(/^rule:/) as string, title: 'The github_drop' });
    expect(items[2]!.reason).toContain('member:cy@example.com');
    const listed = await cy.client.tools.list({ params, query: { show: 'listed', words: 'DROP does', limit: 1 } });
    expect([listed.total, listed.items[0]!.name, listed.nextCursor]).toEqual([1, 'grafana_drop', null]);
    const first = await cy.client.tools.list({ params, query: { limit: 4 } });
    const rest = await cy.client.tools.list({ params, query: { limit: 4, cursor: first.nextCursor! } });
    expect([...first.items, ...rest.items]).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });

  it('[L2-05] are seen by an admin as that member sees them, and that is on record', async () => {
    const at = { ...params, member: cy.id };
    expect(await bo.tools.listAs({ params: at })).toEqual(await cy.client.tools.list({ params }));
    const seen = await bo.servers.listAs({ params: at });
    expect(seen.items.map(({ slug }) => slug)).toEqual(['github', 'grafana']);
    expect(seen).toEqual(await cy.client.servers.list({ params }));
    const own = (await kit.owner.members.list({ params })).items.find(({ email }) => email === 'bo@example.com')!.id;
    expect((await bo.servers.listAs({ params: { ...params, member: own } })).items).toHaveLength(3);
    const counts = await kit.database.db.selectFrom('event_counts').select(['action', 'count']).execute();
    expect(counts.map(({ action }) => action).sort()).toEqual(['servers.listAs', 'tools.listAs']);
  });

  it('are of members only, and of nobody else', async () => {
    expect(await failure(cy.client.tools.listAs({ params: { ...params, member: cy.id } }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await failure(cy.client.servers.listAs({ params: { ...params, member: cy.id } }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await failure(cy.client.tools.list({ params, query: { server: 'secret' } }))).toMatchObject({
      code: 'not_found',
    });
    expect(await failure(kit.local.tools.list({ params }))).toMatchObject({ code: 'invalid_input' });
    const nobody = { ...params, member: '01990000-0000-7000-8000-000000000000' };
    expect(await failure(bo.tools.listAs({ params: nobody }))).toMatchObject({ code: 'not_found' });
  });
});

describe('the matrix', () => {
  it('[L2-05] counts what each member may call of each server, by the policy that decides calls', async () => {
    const found = await bo.access.matrix({ params });
    expect(found.columns.map(({ server, tool, tools }) => [server, tool, tools])).toEqual([
      ['github', null, 3],
      ['grafana', null, 3],
      ['secret', null, 3],
    ]);
    expect(found.rows.map(({ subject }) => subject)).toEqual([
      'member:ada@example.com',
      'member:bo@example.com',
      'member:cy@example.com',
    ]);
    const [github, grafana, secret] = found.rows[2]!.cells;
    expect(github).toMatchObject({ allowed: 2, approval: 0, denied: 1, hidden: 0 });
    expect(github!.rules).toEqual([
      { rule: 'member', tools: 2 },
      { rule: expect.stringMatching(/^rule:/) as string, tools: 1 },
    ]);
    expect(grafana).toMatchObject({ allowed: 3, approval: 1, denied: 0 });
    expect(secret).toMatchObject({ allowed: 0, hidden: 3, rules: [{ rule: 'server', tools: 3 }] });
    expect(found.nextCursor).toBeNull();
  });

  it('takes the tools of one server for columns, teams and machines for rows, and comes in pages both ways', async () => {
    const teams = await bo.access.matrix({ params, query: { of: 'teams', server: 'secret', columns: 2, column: 1 } });
    expect(teams.columns.map(({ tool }) => tool)).toEqual(['secret_drop', 'secret_write']);
    expect(teams.totals).toEqual({ rows: 1, columns: 3 });
    expect(teams.rows[0]).toMatchObject({ subject: 'team:ops', cells: [{ allowed: 1 }, { allowed: 1 }] });
    const machines = await bo.access.matrix({ params, query: { of: 'machines' } });
    expect(machines.rows.map(({ subject }) => subject)).toEqual(['machine:ci']);
    const first = await bo.access.matrix({ params, query: { limit: 2 } });
    const rest = await bo.access.matrix({ params, query: { limit: 2, cursor: first.nextCursor! } });
    expect([...first.rows, ...rest.rows].map(({ subject }) => subject)).toHaveLength(3);
    const found = await bo.access.matrix({ params, query: { words: 'cy' } });
    expect(found.rows.map(({ subject }) => subject)).toEqual(['member:cy@example.com']);
    const gone = bo.access.matrix({ params, query: { server: 'gone' } });
    expect(await failure(gone)).toMatchObject({ code: 'not_found' });
    expect(await failure(cy.client.access.matrix({ params }))).toMatchObject({ code: 'forbidden' });
  });

  it('judges who is or was stopped by themself', async () => {
    const stop = await kit.owner.stops.create({ params, body: { target: 'member:cy@example.com', reason: 'x' } });
    const stopped = await bo.access.matrix({ params });
    expect(stopped.rows.map(({ cells }) => cells[1]!.allowed)).toEqual([3, 3, 0]);
    await kit.owner.stops.remove({ params: { ...params, stop: stop.id } });
    expect((await bo.access.matrix({ params })).rows[2]!.cells[1]!.allowed).toBe(3);
  });

  it('answers for 2,000 members and 2,000 tools within a page', { timeout: 60_000 }, async () => {
    await kit.owner.workspaces.create({ body: { name: 'Large' } });
    const large = { workspace: 'large' };
    const { id: workspace_id } = (await kit.snapshot('large')).workspace;
    const at = '2026-11-21T12:00:00.000Z';
    for (let i = 0; i < 20; i++) {
      const body = { name: `s${i}`, url: `https://s${i}.example.com/mcp` };
      const { id } = await kit.owner.servers.create({ params: large, body });
      const tools = Array.from({ length: 100 }, (_, n) => `{"name":"t${n}"}`);
      await kit.database.db
        .insertInto('upstream_lists')
        .values({ server_id: id, kind: 'tools', revision: 1, body: JSON.stringify(tools), fetched_at: 'x' })
        .execute();
    }
    const people = Array.from({ length: 2_000 }, (_, n) => String(n).padStart(4, '0'));
    for (let from = 0; from < people.length; from += 500) {
      const some = people.slice(from, from + 500);
      await kit.database.db
        .insertInto('users')
        .values(some.map((n) => ({ id: `u${n}`, email: `m${n}@example.com`, name: n, created_at: at })))
        .execute();
      const seat = { workspace_id, role: 'member', created_at: at, removed_at: null };
      const uuid = (n: string) => `01990000-0000-7000-8000-00000000${n}`;
      await kit.database.db
        .insertInto('members')
        .values(some.map((n) => ({ id: uuid(n), user_id: `u${n}`, ...seat })))
        .execute();
    }
    for (let n = 0; n < 50; n++)
      await kit.owner.rules.create({
        params: large,
        body: {
          effect: 'deny',
          subject: `member:m${String(n).padStart(4, '0')}@example.com`,
          object: `s${n % 20}:t${n}`,
        },
      });
    const before = performance.now();
    const found = await kit.owner.access.matrix({ params: large, query: { limit: 100 } });
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(found.totals).toEqual({ rows: 2_001, columns: 20 });
    const row = found.rows.find(({ subject }) => subject === 'member:m0007@example.com')!;
    expect(row.cells.map(({ denied }) => denied)).toEqual(Array.from({ length: 20 }, (_, n) => (n === 7 ? 1 : 0)));
  });
});
