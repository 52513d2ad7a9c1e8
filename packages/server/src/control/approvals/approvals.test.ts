import type { Insertable } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { approvalRow } from '../approval-row.contract.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const github = { ...params, server: 'github' };
const start = Date.UTC(2026, 10, 21, 12);
let kit: Kit;
/** cy asks; dee is named as approver; eli is in a team that is; fay is nobody in particular. */
let people: Record<'cy' | 'dee' | 'eli' | 'fay', { id: string; client: Client }>;
let token: { id: string };
let team: { id: string; slug: string };

beforeEach(async () => {
  kit = await startKit();
  await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://github.example.com/mcp' } });
  const keys = new Map<string, string>();
  for (const name of ['cy', 'dee', 'eli', 'fay'])
    keys.set(name, await kit.memberKey('acme', `${name}@example.com`, 'member'));
  const { items } = await kit.owner.members.list({ params });
  const person = (name: string) => ({
    id: items.find(({ email }) => email === `${name}@example.com`)!.id,
    client: kit.clientOf(keys.get(name)!),
  });
  people = { cy: person('cy'), dee: person('dee'), eli: person('eli'), fay: person('fay') };
  team = await kit.owner.teams.create({ params, body: { name: 'Leads' } });
  await kit.owner.teams.addMember({ params: { ...params, team: team.slug, member: people.eli.id } });
  ({ token } = await kit.owner.tokens.issue({
    params,
    body: { kind: 'member', memberId: people.cy.id, label: 'laptop' },
  }));
});
const approvers = (...names: string[]) =>
  kit.owner.approvalSettings.update({
    params: github,
    body: { settings: [{ target: '*', approval: 'required', approvers: names }] },
  });
const deeAndLeads = () => approvers('member:dee@example.com', `team:${team.slug}`);
afterEach(() => kit[Symbol.asyncDispose]());

async function ask(more: Partial<Insertable<Schema['approvals']>> = {}): Promise<string> {
  const { workspace, servers } = await kit.snapshot('acme');
  const row = approvalRow(start, {
    workspace_id: workspace.id,
    server_id: servers[0]!.id,
    token_id: token.id,
    principal_kind: 'member',
    member_id: people.cy.id,
    approvers: JSON.stringify([`member:${people.dee.id}`, `team:${team.id}`]),
    ...more,
  });
  await kit.database.db.insertInto('approvals').values(row).execute();
  return row.id;
}
const of = (approval: string) => ({ ...params, approval });
const approve = (client: Client, id: string) => client.approvals.approve({ params: of(id), body: {} });
const refuse = (client: Client, id: string, reason = 'no') =>
  client.approvals.refuse({ params: of(id), body: { reason } });
const seen = async (client: Client, show?: 'pending' | 'mine' | 'all') =>
  (await client.approvals.list({ params, query: { show } })).items.map(({ id }) => id);

describe('who decides', () => {
  beforeEach(deeAndLeads);

  it('[NEW-04] an owner, a named member and a member of a named team approve; each leaves an audit event', async () => {
    for (const client of [kit.owner, people.dee.client, people.eli.client, kit.local]) {
      const id = await ask();
      expect(await approve(client, id)).toMatchObject({ id, state: 'approved', requester: 'member:cy@example.com' });
      const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'approvals.approve' } });
      expect(items[0]).toMatchObject({ target: `approval:${id}`, detail: { tool: 'delete_repo', argsMac: 'm' } });
    }
  });

  it('[NEW-04] whoever asked decides nothing, as a named approver and as an admin neither', async () => {
    const id = await ask({ approvers: JSON.stringify([`member:${people.cy.id}`]) });
    expect(await failure(approve(people.cy.client, id))).toMatchObject({ code: 'forbidden' });
    expect(await failure(refuse(people.cy.client, id))).toMatchObject({ code: 'forbidden' });
    await kit.owner.members.update({ params: { ...params, member: people.cy.id }, body: { role: 'admin' } });
    const body = { email: 'cy@example.com', role: 'admin', label: 'k' } as const;
    const admin = kit.clientOf((await kit.owner.apiKeys.issue({ params, body })).secret);
    expect(await failure(approve(admin, id))).toMatchObject({ code: 'forbidden' });
    expect(await kit.owner.approvals.get({ params: of(id) })).toMatchObject({ state: 'pending', mayDecide: true });
    expect(await admin.approvals.get({ params: of(id) })).toMatchObject({ mayDecide: false });
  });

  it('[NEW-04] the owner of a machine does not approve what it asks for', async () => {
    const machine = await kit.owner.machines.create({ params, body: { name: 'ci', ownerId: people.dee.id } });
    const issued = await kit.owner.tokens.issue({
      params,
      body: { kind: 'machine', machineId: machine.id, label: 'runner' },
    });
    const asked = { principal_kind: 'machine', member_id: null, machine_id: machine.id } as const;
    const id = await ask({ ...asked, token_id: issued.token.id });
    expect(await failure(approve(people.dee.client, id))).toMatchObject({ code: 'forbidden' });
    expect(await approve(people.eli.client, id)).toMatchObject({ requester: 'machine:ci', state: 'approved' });
  });

  it('[NEW-04] nobody else knows of it, and who left the team is nobody', async () => {
    const id = await ask();
    for (const attempt of [
      () => people.fay.client.approvals.get({ params: of(id) }),
      () => approve(people.fay.client, id),
      () => refuse(people.fay.client, id),
    ])
      expect(await failure(attempt())).toMatchObject({ code: 'not_found' });
    expect(await seen(people.eli.client)).toEqual([id]);
    await kit.owner.teams.removeMember({ params: { ...params, team: team.slug, member: people.eli.id } });
    expect(await seen(people.eli.client)).toEqual([]);
    expect(await failure(approve(people.eli.client, id))).toMatchObject({ code: 'not_found' });
  });

  it('[NEW-04] whoever was an approver when it was asked, and is none any more, decides nothing', async () => {
    const id = await ask();
    const [dee, eli] = [people.dee, people.eli];
    expect((await dee.client.approvals.get({ params: of(id) })).mayDecide).toBe(true);
    await approvers(`team:${team.slug}`);
    expect((await dee.client.approvals.get({ params: of(id) })).mayDecide).toBe(false);
    for (const attempt of [approve(dee.client, id), refuse(dee.client, id)])
      expect(await failure(attempt)).toMatchObject({ code: 'forbidden' });
    await approvers('member:dee@example.com');
    expect(await failure(approve(eli.client, id))).toMatchObject({ code: 'forbidden' });
    await kit.owner.members.remove({ params: { ...params, member: dee.id } });
    expect(await failure(approve(dee.client, id))).toMatchObject({ code: 'unauthenticated' });
    expect((await kit.owner.approvals.get({ params: of(id) })).state).toBe('pending');
  });

  it('[NEW-04] who was an admin when it was asked decides nothing as a member', async () => {
    const gus = kit.clientOf(await kit.memberKey('acme', 'gus@example.com', 'admin'));
    const id = await ask();
    expect((await gus.approvals.get({ params: of(id) })).mayDecide).toBe(true);
    const { items } = await kit.owner.members.list({ params });
    const member = items.find(({ email }) => email === 'gus@example.com')!.id;
    await kit.owner.members.update({ params: { ...params, member }, body: { role: 'member' } });
    expect(await failure(approve(gus, id))).toMatchObject({ code: 'not_found' });
  });

  it('[NEW-04] who joins an approving team later decides what was asked before, and who is named later does not', async () => {
    const id = await ask();
    await kit.owner.teams.addMember({ params: { ...params, team: team.slug, member: people.fay.id } });
    expect(await approve(people.fay.client, id)).toMatchObject({ state: 'approved' });
    const second = await ask({ approvers: JSON.stringify([`team:${team.id}`]) });
    await kit.owner.teams.removeMember({ params: { ...params, team: team.slug, member: people.fay.id } });
    await approvers('member:fay@example.com', `team:${team.slug}`);
    expect(await failure(approve(people.fay.client, second))).toMatchObject({ code: 'not_found' });
  });

  it('[NEW-04] another workspace reaches nothing', async () => {
    const id = await ask();
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    const eve = kit.clientOf(await kit.memberKey('other', 'eve@example.com', 'owner'));
    expect(
      await failure(eve.approvals.approve({ params: { workspace: 'other', approval: id }, body: {} })),
    ).toMatchObject({ code: 'not_found' });
    expect((await eve.approvals.list({ params: { workspace: 'other' }, query: { show: 'all' } })).items).toEqual([]);
  });
});

describe('a request', () => {
  beforeEach(deeAndLeads);

  it('[NEW-04] is decided once; an approval may be taken back until it is used', async () => {
    const id = await ask();
    await approve(kit.owner, id);
    expect(await failure(approve(people.dee.client, id))).toMatchObject({ code: 'conflict' });
    expect(await refuse(people.dee.client, id, 'not today')).toMatchObject({ state: 'refused', reason: 'not today' });
    expect(await failure(approve(kit.owner, id))).toMatchObject({ code: 'conflict' });
    for (const state of ['used', 'refused', 'expired', 'void'] as const) {
      const over = await ask({ state });
      expect([state, (await failure(approve(kit.owner, over))).code]).toEqual([state, 'conflict']);
      expect([state, (await failure(refuse(kit.owner, over))).code]).toEqual([state, 'conflict']);
    }
  });

  it('[NEW-04] of many who decide at once one does', async () => {
    const id = await ask();
    const tries = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? approve(kit.owner, id) : approve(kit.local, id)));
    expect((await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('[NEW-04] expires', async () => {
    const id = await ask();
    kit.advance(3_600_000);
    expect(await failure(approve(kit.owner, id))).toMatchObject({ code: 'conflict' });
    expect(await seen(kit.owner)).toEqual([]);
    expect(await kit.owner.approvals.get({ params: of(id) })).toMatchObject({ state: 'expired', mayDecide: false });
  });

  it('[NEW-04] is void once the token is revoked, and once its member is removed', async () => {
    const [first, granted] = [await ask(), await ask({ state: 'approved' })];
    await kit.owner.tokens.revoke({ params: { ...params, token: token.id } });
    expect(await seen(kit.owner)).toEqual([]);
    for (const id of [first, granted])
      expect(await kit.owner.approvals.get({ params: of(id) })).toMatchObject({ state: 'void', mayDecide: false });
    expect(await failure(approve(kit.owner, first))).toMatchObject({ code: 'conflict' });
    ({ token } = await kit.owner.tokens.issue({
      params,
      body: { kind: 'member', memberId: people.cy.id, label: 'other' },
    }));
    const second = await ask();
    expect(await seen(kit.owner)).toEqual([second]);
    await kit.owner.members.remove({ params: { ...params, member: people.cy.id } });
    expect(await failure(approve(kit.owner, second))).toMatchObject({ code: 'conflict' });
  });

  it('is listed to who may know of it, page by page, newest first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await ask({ created_at: isoTime(start + i) }));
    ids.reverse();
    const used = await ask({ state: 'used', created_at: isoTime(start - 1) });
    expect(await seen(kit.owner)).toEqual(ids);
    expect(await seen(people.dee.client)).toEqual(ids);
    expect(await seen(people.dee.client, 'mine')).toEqual([]);
    expect(await seen(people.cy.client, 'mine')).toEqual([...ids, used]);
    expect(await seen(people.fay.client, 'all')).toEqual([]);
    expect(await seen(kit.owner, 'all')).toEqual([...ids, used]);
    const page = await kit.owner.approvals.list({ params, query: { limit: 2 } });
    const next = await kit.owner.approvals.list({ params, query: { limit: 3, cursor: page.nextCursor! } });
    expect([...page.items, ...next.items].map(({ id }) => id)).toEqual(ids);
    expect(next.nextCursor).toBeNull();
  });
});

describe('the setting of a tool', () => {
  const set = (settings: { target: string; approval: 'required' | 'none'; approvers?: string[] }[]) =>
    kit.owner.approvalSettings.update({ params: github, body: { settings } });

  it('[REG-08] is in the snapshot, by ids, with an audit event; the same again changes nothing', async () => {
    const settings = [{ target: '@destructive', approval: 'required' as const, approvers: ['team:leads'] }];
    expect((await set(settings)).items).toMatchObject([
      { target: '@destructive', approvers: ['team:leads'], expiresInMinutes: 60 },
    ]);
    const { servers, version } = await kit.snapshot('acme');
    expect(servers[0]!.approvals).toEqual([
      { target: '@destructive', approvers: [{ kind: 'team', id: team.id }], expiresInMinutes: 60 },
    ]);
    await set(settings);
    expect((await kit.snapshot('acme')).version).toBe(version);
    const events = await kit.owner.auditEvents.list({ params, query: { action: 'approvalSettings.update' } });
    expect(events.items).toMatchObject([
      { target: 'server:github', detail: { before: [{ approval: 'none' }], after: [{ approvers: ['team:leads'] }] } },
    ]);
    expect((await set([{ target: '@destructive', approval: 'none' }])).items).toEqual([]);
    expect((await kit.snapshot('acme')).servers[0]!.approvals).toEqual([]);
  });

  it('names tools in a form that can be read, and approvers who are there', async () => {
    for (const target of ['@prompts', '@unknown', 'two words', '*'.repeat(9), ''])
      expect(await failure(set([{ target, approval: 'required' }]))).toMatchObject({ code: 'invalid_input' });
    expect(
      await failure(set([{ target: 'x', approval: 'required', approvers: ['member:nobody@example.com'] }])),
    ).toMatchObject({ issues: [{ path: 'body.settings.0.approvers.0' }] });
    const body = { settings: [{ target: 'x', approval: 'required' as const, expiresInMinutes: 4 }] };
    expect(await failure(kit.owner.approvalSettings.update({ params: github, body }))).toMatchObject({
      code: 'invalid_input',
    });
  });

  it('keeps a team that approves from being deleted unnoticed', async () => {
    await set([{ target: 'delete_*', approval: 'required', approvers: ['team:leads'] }]);
    const refused = await failure(kit.owner.teams.remove({ params: { ...params, team: team.slug } }));
    expect(refused).toMatchObject({ code: 'conflict' });
    expect(refused.detail).toContain('github:delete_*');
  });

  it('shows in what access explains', async () => {
    await set([{ target: 'delete_repo', approval: 'required' }]);
    const query = { server: 'github', tool: 'delete_repo' };
    expect((await people.cy.client.access.explain({ params, query })).items).toMatchObject([
      { verdict: 'allowed', approval: true },
    ]);
  });
});

describe('what helps to decide', () => {
  beforeEach(deeAndLeads);
  const show = (client: Client, id: string) => client.approvals.get({ params: of(id) });

  it('[NEW-04] says why it waits and what was approved of the tool before, and by whom', async () => {
    const before = await ask({ created_at: isoTime(start - 60_000), args_shape: '{"repo":"s1-16"}' });
    await approve(kit.owner, before);
    const id = await ask({ args_shape: '{"repo":"s17-256"}' });
    expect(await show(people.dee.client, id)).toMatchObject({
      toolClass: 'write',
      setting: { target: '*', approvers: ['member:dee@example.com', `team:${team.slug}`], expiresInMinutes: 60 },
      lastApproved: { id: before, argsShape: { repo: 's1-16' }, decidedByEmail: 'ada@example.com' },
    });
    expect((await show(kit.owner, before)).lastApproved).toBeNull();
  });

  it('[NEW-04] tells nobody of an approved call they may not see', async () => {
    await approve(kit.owner, await ask({ created_at: isoTime(start - 60_000), approvers: '[]' }));
    const id = await ask();
    expect((await show(kit.owner, id)).lastApproved).not.toBeNull();
    expect((await show(people.dee.client, id)).lastApproved).toBeNull();
  });

  it('[NEW-04] says so where nothing asks for approval any more', async () => {
    const id = await ask();
    await kit.owner.approvalSettings.update({
      params: github,
      body: { settings: [{ target: '*', approval: 'none' }] },
    });
    expect(await show(kit.owner, id)).toMatchObject({ setting: null, toolClass: 'write' });
  });
});
