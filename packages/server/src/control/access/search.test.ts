import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { callRow } from '../call-row.contract.ts';
import { failure, startKit, type Kit } from '../kit.contract.ts';
import { countSeed } from '../records/seed.contract.ts';

const params = { workspace: 'acme' };
const other = { workspace: 'other' };
let kit: Kit;
let cy: Client;
let eve: Client;
let ids: { member: string; machine: string; token: string; rule: string };

beforeAll(async () => {
  kit = await startKit();
  const { owner, database } = kit;
  for (const name of ['Orders', 'Secret orders']) {
    const server = await owner.servers.create({ params, body: { name, url: 'https://one.example.com/mcp' } });
    const body = JSON.stringify(['{"name":"list_orders"}', '{"name":"drop_orders"}']);
    await database.db
      .insertInto('upstream_lists')
      .values({ server_id: server.id, kind: 'tools', revision: 1, body, fetched_at: 'x' })
      .execute();
  }
  cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const member = (await owner.members.list({ params })).items.find(({ email }) => email === 'cy@example.com')!.id;
  await owner.teams.create({ params, body: { name: 'Orders people' } });
  await owner.teams.addMember({ params: { ...params, team: 'orders-people', member } });
  await owner.servers.update({
    params: { ...params, server: 'secret-orders' },
    body: { visibility: ['member:ada@example.com'] },
  });
  const rule = await owner.rules.create({
    params,
    body: { effect: 'deny', subject: 'member:cy@example.com', object: 'orders:drop_orders' },
  });
  const machine = await owner.machines.create({ params, body: { name: 'orders-bot', ownerId: member } });
  const mine = await cy.tokens.issue({ params, body: { kind: 'member', label: 'orders laptop' } });
  const bots = await owner.tokens.issue({ params, body: { kind: 'machine', machineId: machine.id, label: 'bot' } });
  await cy.tokens.issueForConsole({ params });
  ids = { member, machine: machine.id, token: mine.token.id, rule: rule.id };
  const { id: workspace_id } = (await kit.snapshot('acme')).workspace;
  const at = { created_at: '2026-11-21T11:30:00.000Z', server_slug: 'orders', workspace_id };
  const refused = { outcome: 'denied', status: 403, rule: `rule:${rule.id}` };
  const rows = [
    callRow(0, { ...at, token_id: mine.token.id, member_id: member, id: 'a' }),
    callRow(0, { ...at, token_id: mine.token.id, member_id: member, id: 'b', ...refused, repeat_count: 4 }),
    callRow(0, { ...at, token_id: bots.token.id, id: 'c' }),
    callRow(0, { ...at, token_id: bots.token.id, id: 'd', created_at: '2026-11-19T11:30:00.000Z' }),
  ];
  for (const row of rows) await database.db.insertInto('mcp_tool_calls').values(row).execute();
  await countSeed(database.db);
  await owner.workspaces.create({ body: { name: 'Other' } });
  eve = kit.clientOf(await kit.memberKey('other', 'eve@example.com', 'owner'));
});
afterAll(() => kit[Symbol.asyncDispose]());

const find = async (client: Client, words: string, where = params) =>
  (await client.search.find({ params: where, query: { words } })).items.map(({ kind, id }) => `${kind} ${id}`);

describe('search', () => {
  it('finds things of every kind by words of their names, those that begin with them first', async () => {
    expect(await find(kit.owner, 'ORDERS')).toEqual([
      'server orders',
      'team orders-people',
      `machine ${ids.machine}`,
      `token ${ids.token}`,
      'server secret-orders',
      'tool orders:list_orders',
      'tool orders:drop_orders',
      'tool secret-orders:list_orders',
      'tool secret-orders:drop_orders',
    ]);
    expect(await find(kit.owner, 'cy example')).toEqual([`member ${ids.member}`]);
    expect(await find(kit.owner, 'drop secret')).toEqual(['tool secret-orders:drop_orders']);
  });

  it('[GW-16] finds for a member what they may see, and nothing of another workspace', async () => {
    expect(await find(cy, 'orders')).toEqual([
      'server orders',
      'team orders-people',
      `machine ${ids.machine}`,
      `token ${ids.token}`,
      'tool orders:list_orders',
    ]);
    expect(await find(cy, 'ada')).toEqual([]);
    expect(await find(eve, 'orders', other)).toEqual([]);
  });

  it('shows no more than twenty, and says so', async () => {
    for (let n = 0; n < 21; n++) await kit.owner.teams.create({ params: other, body: { name: `crew ${n}` } });
    const { items, complete } = await eve.search.find({ params: other, query: { words: 'crew' } });
    expect([items.length, complete]).toEqual([20, false]);
  });
});

describe('the impact of a removal', () => {
  const impact = (kind: 'server' | 'member' | 'team' | 'machine' | 'token' | 'rule', id: string) =>
    kit.owner.impacts.show({ params, query: { kind, id } });

  it('counts people, machines, tools and the calls of a day', async () => {
    expect(await impact('server', 'orders')).toEqual({
      ...{ kind: 'server', name: 'Orders', since: '2026-11-20T12:00:00.000Z', complete: true },
      ...{ calls: 6, members: 1, machines: 1, servers: 1, tokens: 2, tools: 2 },
    });
    expect(await impact('member', ids.member)).toMatchObject({ calls: 6, members: 1, machines: 1, tokens: 2 });
    expect(await impact('team', 'orders-people')).toMatchObject({ calls: 5, members: 1, machines: 0 });
    expect(await impact('machine', ids.machine)).toMatchObject({ calls: 1, machines: 1, tokens: 1 });
    expect(await impact('token', ids.token)).toMatchObject({ name: 'orders laptop', calls: 5, tokens: 1, members: 1 });
    expect(await impact('rule', ids.rule)).toMatchObject({ calls: 4, members: 1, servers: 1 });
  });

  it('[GW-16] is for administrators, and of nothing in another workspace', async () => {
    const query = { kind: 'server', id: 'orders' } as const;
    expect(await failure(cy.impacts.show({ params, query }))).toMatchObject({ code: 'forbidden' });
    const theirs = [
      { kind: 'server', id: 'orders' },
      { kind: 'member', id: ids.member },
      { kind: 'team', id: 'orders-people' },
      { kind: 'machine', id: ids.machine },
      { kind: 'token', id: ids.token },
      { kind: 'rule', id: ids.rule },
    ] as const;
    for (const one of theirs)
      expect(await failure(eve.impacts.show({ params: other, query: one }))).toMatchObject({ code: 'not_found' });
  });
});
