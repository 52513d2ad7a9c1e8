import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
  await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://mcp.example.com/mcp' } });
});
afterEach(() => kit[Symbol.asyncDispose]());

const stop = (target: string, more: object = {}, client = kit.owner) =>
  client.stops.create({ params, body: { target, reason: 'it loops', ...more } });
const inSnapshot = async () => (await kit.snapshot('acme')).stops;
const memberId = async (email: string) =>
  (await kit.owner.members.list({ params })).items.find((item) => item.email === email)!.id;

it('[TOK-07] names members, machines, tokens, servers and tools, and is in the snapshot at once', async () => {
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const machine = await kit.owner.machines.create({ params, body: { name: 'nightly' } });
  const { token } = await kit.owner.tokens.issue({ params, body: { label: 'ci' } });
  const targets = [
    'member:cy@example.com',
    'machine:nightly',
    `token:${token.id}`,
    'server:github',
    'tool:github:a:b c',
  ];
  const nudged = (await kit.nudges()).length;
  for (const target of targets) expect(await stop(target)).toMatchObject({ target, active: true, expiresAt: null });
  expect((await kit.nudges()).length).toBe(nudged + targets.length);
  expect(await inSnapshot()).toMatchObject([
    { kind: 'member', targetId: await memberId('cy@example.com'), tool: '' },
    { kind: 'machine', targetId: machine.id },
    { kind: 'token', targetId: token.id },
    { kind: 'server' },
    { kind: 'tool', tool: 'a:b c' },
  ]);
  const { items } = await kit.owner.stops.list({ params });
  expect(items.map((item) => item.target)).toEqual(targets);
  for (const { id } of items) await kit.owner.stops.remove({ params: { ...params, stop: id } });
  expect(await inSnapshot()).toEqual([]);
  const events = (await kit.owner.auditEvents.list({ params, query: {} })).items;
  expect(events.filter(({ action }) => action === 'stops.remove')).toHaveLength(targets.length);
  expect(events.find(({ action }) => action === 'stops.create')).toMatchObject({
    detail: { target: 'tool:github:a:b c', reason: 'it loops' },
  });
});

it('stops the machines of a member with them, also one that comes to be theirs, and lets them go together', async () => {
  const cy = (await kit.owner.members.add({ params, body: { email: 'cy@example.com' } })).id;
  const machine = (name: string, ownerId?: string) => kit.owner.machines.create({ params, body: { name, ownerId } });
  const [nightly, other] = [await machine('nightly', cy), await machine('other')];
  const made = await stop('member:cy@example.com');
  expect(made).toMatchObject({ target: 'member:cy@example.com', machines: ['machine:nightly'] });
  const events = (await kit.owner.auditEvents.list({ params, query: {} })).items;
  expect(events[0]).toMatchObject({ action: 'stops.create', detail: { machines: ['machine:nightly'] } });
  const later = await machine('later', cy);
  expect(await inSnapshot()).toMatchObject([{ targetId: cy, machines: [nightly.id, later.id] }]);
  const rulesOf = async (name: string) =>
    (await kit.owner.access.explain({ params, query: { machine: name } })).items.map(({ rule }) => rule);
  expect(await rulesOf('nightly')).toEqual([`stop:${made.id}`]);
  expect(await rulesOf('other')).not.toContain(`stop:${made.id}`);
  const { items } = await kit.owner.access.explain({ params, query: { machine: 'later' } });
  expect(items[0]!.reason).toContain('the member who answers for this machine');
  await kit.owner.machines.update({ params: { ...params, machine: other.id }, body: { ownerId: cy } });
  expect(await rulesOf('other')).toEqual([`stop:${made.id}`]);
  await kit.owner.stops.remove({ params: { ...params, stop: made.id } });
  expect(await rulesOf('nightly')).not.toContain(`stop:${made.id}`);
  const alone = await stop('member:cy@example.com', { machines: false });
  expect(alone.machines).toEqual([]);
  expect(await rulesOf('nightly')).not.toContain(`stop:${alone.id}`);
});

it('ends at its moment, and makes way for another of the same', async () => {
  const first = await stop('server:github', { expiresInMinutes: 10 });
  expect(first.expiresAt).toBe('2026-11-21T12:10:00.000Z');
  expect(await failure(stop('server:github'))).toMatchObject({ code: 'already_exists' });
  kit.advance(10 * 60_000);
  expect((await kit.owner.stops.list({ params })).items).toMatchObject([{ id: first.id, active: false }]);
  const second = await stop('server:github');
  expect((await kit.owner.stops.list({ params })).items).toMatchObject([{ id: second.id, active: true }]);
});

it('refuses what is not there and what says nothing', async () => {
  const unknown = '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11';
  for (const target of ['member:x@example.com', 'machine:x', `token:${unknown}`, 'server:x', 'tool:x:y'])
    expect(await failure(stop(target))).toMatchObject({ code: 'not_found' });
  for (const target of ['everybody', 'team:x', 'tool:github', 'server: '])
    expect(await failure(stop(target))).toMatchObject({ issues: [{ path: 'body.target' }] });
  expect(await failure(stop('server:github', { reason: ' ' }))).toMatchObject({ issues: [{ path: 'body.reason' }] });
  const both = { expiresInMinutes: 1, expiresAt: '2030-01-01T00:00:00Z' };
  expect(await failure(stop('server:github', both))).toMatchObject({ issues: [{ path: 'body.expiresInMinutes' }] });
  expect(await failure(stop('server:github', { expiresAt: '2020-01-01T00:00:00Z' }))).toMatchObject({
    code: 'invalid_input',
  });
  expect(await failure(kit.owner.stops.remove({ params: { ...params, stop: unknown } }))).toMatchObject({
    code: 'not_found',
  });
});

it('[L2-07] keeps the ladder: nobody stops who is above them, or lifts a stop of their own', async () => {
  const admin = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  expect(await failure(stop('member:ada@example.com', {}, admin))).toMatchObject({ code: 'forbidden' });
  const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  expect(await failure(stop('server:github', {}, member))).toMatchObject({ code: 'forbidden' });
  const ownerId = await memberId('bo@example.com');
  const machine = await kit.owner.machines.create({ params, body: { name: 'nightly', ownerId } });
  const { token } = await kit.owner.tokens.issue({ params, body: { kind: 'member', memberId: ownerId, label: 't' } });
  const made = await kit.owner.tokens.issue({
    params,
    body: { kind: 'machine', machineId: machine.id, label: 't' },
  });
  for (const target of ['member:bo@example.com', `token:${token.id}`, 'machine:nightly', `token:${made.token.id}`]) {
    const { id } = await stop(target);
    expect(await failure(admin.stops.remove({ params: { ...params, stop: id } }))).toMatchObject({
      code: 'forbidden',
    });
    await kit.owner.stops.remove({ params: { ...params, stop: id } });
  }
  const { id } = await stop('member:cy@example.com', {}, admin);
  await admin.stops.remove({ params: { ...params, stop: id } });
});

it('[TOK-07] who is stopped changes nothing by the API and lets nobody in, reads on, and goes on once it is lifted', async () => {
  const admin = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  const bo = await memberId('bo@example.com');
  const cy = (await kit.owner.members.add({ params, body: { email: 'cy@example.com' } })).id;
  const { id: machine } = await kit.owner.machines.create({ params, body: { name: 'nightly', ownerId: bo } });
  const invited = await admin.invitations.create({ params, body: { email: 'di@example.com', role: 'admin' } });
  const accept = () => kit.clientOf(invited.secret).invitations.accept({ body: {} });
  const tricks: Record<string, () => Promise<unknown>> = {
    'hand the machine over': () => admin.machines.update({ params: { ...params, machine }, body: { ownerId: cy } }),
    'a token of nobody': () => admin.tokens.issue({ params, body: { kind: 'workspace', label: 'w' } }),
    'a token of another': () => admin.tokens.issue({ params, body: { kind: 'member', memberId: cy, label: 'c' } }),
    'a rule': () => admin.rules.create({ params, body: { effect: 'allow', subject: 'everybody', object: '*' } }),
    'an invitation': () => admin.invitations.create({ params, body: { email: 'ed@example.com' } }),
    'the one that is out': accept,
  };
  const { id } = await stop('member:bo@example.com', { expiresInMinutes: 10 });
  const before = await kit.snapshot('acme');
  for (const [what, trick] of Object.entries(tricks))
    expect(await failure(trick()), what).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining(id) as string,
    });
  expect(await kit.snapshot('acme')).toEqual(before);
  expect((await admin.stops.list({ params })).items).toHaveLength(1);
  kit.advance(10 * 60_000);
  for (const trick of Object.values(tricks)) await trick();
});

it('[TOK-07] an owner who stopped themself lifts it; elsewhere nobody notices', async () => {
  const second = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'owner'));
  const { id } = await stop('member:bo@example.com', {}, second);
  await second.stops.remove({ params: { ...params, stop: id } });
  await kit.owner.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  const there = kit.clientOf(await kit.memberKey('other', 'cy@example.com', 'admin'));
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  await stop('member:cy@example.com');
  await there.teams.create({ params: { workspace: 'other' }, body: { name: 'Ops' } });
});

it('reaches nothing of another workspace', async () => {
  await kit.owner.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  const eve = kit.clientOf(await kit.memberKey('other', 'eve@example.com', 'owner'));
  const there = { workspace: 'other' };
  const { token } = await kit.owner.tokens.issue({ params, body: { label: 'ci' } });
  const { id } = await stop('server:github');
  const adas = await memberId('ada@example.com');
  for (const target of [`token:${token.id}`, 'server:github', 'tool:github:x', `member:${adas}`]) {
    const body = { target, reason: 'mine now' };
    // The owner of the instance made the other workspace and is a member of it under another id.
    expect(await failure(eve.stops.create({ params: there, body }))).toMatchObject({ code: 'not_found' });
  }
  expect(await failure(eve.stops.remove({ params: { ...there, stop: id } }))).toMatchObject({ code: 'not_found' });
  expect((await kit.snapshot('other')).stops).toEqual([]);
});
