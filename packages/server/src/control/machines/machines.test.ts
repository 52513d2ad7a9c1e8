import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const idOf = async (email: string) =>
  (await kit.owner.members.list({ params })).items.find((item) => item.email === email)!.id;
const create = async (body: { name?: string; ownerId?: string } = {}) => {
  const machine = await kit.owner.machines.create({ params, body: { name: 'nightly', ...body } });
  const body_ = { kind: 'machine', machineId: machine.id, label: 'runner' } as const;
  return {
    machine,
    at: { ...params, machine: machine.id },
    ...(await kit.owner.tokens.issue({ params, body: body_ })),
  };
};
const inSnapshot = async (id: string) => (await kit.snapshot('acme')).tokens.find((token) => token.id === id);

it('[TOK-11] is an identity of its own: its tokens name it and no member, and end after 90 days', async () => {
  const { machine, token } = await create();
  expect(machine).toMatchObject({ state: 'active', ownerEmail: 'ada@example.com', lastUsedAt: null });
  expect(token).toMatchObject({ kind: 'machine', machineId: machine.id, memberId: null });
  expect(token.expiresAt).toBe('2027-02-19T12:00:00.000Z');
  expect(await inSnapshot(token.id)).toMatchObject({
    kind: 'machine',
    machineId: machine.id,
    memberId: null,
    teams: [],
  });
  const issue = (expiry: object) =>
    kit.owner.tokens.issue({ params, body: { kind: 'machine', machineId: machine.id, label: 'more', ...expiry } });
  expect((await issue({ expiresInDays: 1 })).token.expiresAt).toBe('2026-11-22T12:00:00.000Z');
  expect((await issue({ expiresAt: '2030-01-01T00:00:00Z' })).token.expiresAt).toBe('2030-01-01T00:00:00.000Z');
  const rotated = await kit.owner.tokens.rotate({ params: { ...params, token: token.id }, body: {} });
  expect(rotated.token).toMatchObject({ kind: 'machine', machineId: machine.id, expiresAt: token.expiresAt });
});

it('[TOK-11] is switched off and on at once, and gets no new token meanwhile', async () => {
  const { at, token } = await create();
  const nudged = (await kit.nudges()).length;
  expect(await kit.owner.machines.update({ params: at, body: { enabled: false } })).toMatchObject({
    state: 'disabled',
  });
  expect(await inSnapshot(token.id)).toBeUndefined();
  expect((await kit.nudges()).length).toBe(nudged + 1);
  const body = { kind: 'machine', machineId: at.machine, label: 'x' } as const;
  expect(await failure(kit.owner.tokens.issue({ params, body }))).toMatchObject({ code: 'conflict' });
  await kit.owner.machines.update({ params: at, body: { enabled: true } });
  expect(await inSnapshot(token.id)).toBeDefined();
  await kit.owner.machines.update({ params: at, body: { enabled: true } });
  expect((await kit.nudges()).length).toBe(nudged + 2);
});

it('[L2-07] is suspended with the removal of its owner until an admin names another', async () => {
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const cy = await idOf('cy@example.com');
  const { at, token } = await create({ ownerId: cy });
  const untouched = await create({ name: 'other' });
  await kit.owner.members.remove({ params: { ...params, member: cy } });
  expect(await inSnapshot(token.id)).toBeUndefined();
  expect(await inSnapshot(untouched.token.id)).toBeDefined();
  expect((await kit.owner.machines.list({ params })).items).toMatchObject([
    { name: 'nightly', state: 'suspended', ownerEmail: 'cy@example.com' },
    { name: 'other', state: 'active' },
  ]);
  const [event] = (await kit.owner.auditEvents.list({ params, query: { action: 'members.remove' } })).items;
  expect(event).toMatchObject({ detail: { suspended: { machines: [at.machine] } } });
  const body = { kind: 'machine', machineId: at.machine, label: 'x' } as const;
  expect(await failure(kit.owner.tokens.issue({ params, body }))).toMatchObject({
    code: 'conflict',
    detail: expect.stringContaining('another owner') as string,
  });
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  expect(await inSnapshot(token.id)).toBeUndefined();
  expect(await failure(kit.owner.machines.update({ params: at, body: { ownerId: cy } }))).toMatchObject({
    code: 'not_found',
  });
  const admin = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  const ownerId = await idOf('bo@example.com');
  expect(await admin.machines.update({ params: at, body: { ownerId } })).toMatchObject({ state: 'active' });
  expect(await inSnapshot(token.id)).toBeDefined();
});

it('is removed with its tokens, and its name is free again', async () => {
  const { at, token } = await create();
  expect(await failure(kit.owner.machines.create({ params, body: { name: 'nightly' } }))).toMatchObject({
    code: 'already_exists',
  });
  await kit.owner.machines.remove({ params: at });
  expect(await inSnapshot(token.id)).toBeUndefined();
  const listed = (await kit.owner.tokens.list({ params })).items.find((item) => item.id === token.id);
  expect(listed?.revokedAt).not.toBeNull();
  expect(await failure(kit.owner.machines.show({ params: at }))).toMatchObject({ code: 'not_found' });
  expect((await create()).machine.id).not.toBe(at.machine);
});

it('needs an owner who is a member', async () => {
  expect(await failure(kit.local.machines.create({ params, body: { name: 'x' } }))).toMatchObject({
    issues: [{ path: 'body.ownerId' }],
  });
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const cy = await idOf('cy@example.com');
  await kit.owner.members.remove({ params: { ...params, member: cy } });
  expect(await failure(kit.owner.machines.create({ params, body: { name: 'x', ownerId: cy } }))).toMatchObject({
    code: 'not_found',
  });
  expect(await failure(kit.owner.machines.create({ params, body: { name: '' } }))).toMatchObject({
    issues: [{ path: 'body.name' }],
  });
});

it('is seen by the member who owns it, who may end its tokens and make none', async () => {
  const cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const { at, token } = await create({ ownerId: await idOf('cy@example.com') });
  const other = await create({ name: 'other' });
  expect((await cy.machines.list({ params })).items.map(({ name }) => name)).toEqual(['nightly']);
  expect(await cy.machines.show({ params: at })).toMatchObject({ name: 'nightly' });
  expect(await failure(cy.machines.show({ params: other.at }))).toMatchObject({ code: 'not_found' });
  expect((await cy.tokens.list({ params })).items.map(({ id }) => id)).toEqual([token.id]);
  const refused = [
    () => cy.machines.update({ params: at, body: { enabled: false } }),
    () => cy.tokens.issue({ params, body: { kind: 'machine', machineId: at.machine, label: 'x' } }),
    () => cy.tokens.rotate({ params: { ...params, token: token.id }, body: {} }),
  ];
  for (const attempt of refused) expect(await failure(attempt())).toMatchObject({ code: 'forbidden' });
  const foreign = { ...params, token: other.token.id };
  expect(await failure(cy.tokens.revoke({ params: foreign }))).toMatchObject({ code: 'not_found' });
  await cy.tokens.revoke({ params: { ...params, token: token.id } });
  expect(await inSnapshot(token.id)).toBeUndefined();
});

it('[AUD-01] its calls are found by it', async () => {
  const { machine, token } = await create();
  const { workspace } = await kit.snapshot('acme');
  const row = (seq: number, token_id: string, principal_kind: string) => ({
    ...{ id: `c${seq}`, workspace_id: workspace.id, member_id: null, token_id, principal_kind, server_id: 's' },
    ...{ server_slug: 'one', tool_name: 'echo', status: 200, outcome: 'ok', error_code: null, latency_ms: 1 },
    ...{ upstream_ms: null, created_at: '2026-11-21T12:00:00.000Z', dispatched: 1, rule: principal_kind },
    ...{ policy_version: 1, definition_hash: null, args_shape: null, args_mac: null, era: 'modern', seq },
    ...{ protocol_version: null, client_name: null, bytes_in: 1, bytes_out: 2, trace_id: null, node: 'n', epoch: 1 },
  });
  const rows = [row(1, token.id, 'machine'), row(2, 't', 'workspace')];
  await kit.database.db.insertInto('mcp_tool_calls').values(rows).execute();
  const list = async (query: object) => (await kit.owner.calls.list({ params, query })).items;
  expect(await list({})).toMatchObject([
    { id: 'c2', machineId: null },
    { id: 'c1', machineId: machine.id },
  ]);
  expect(await list({ machineId: machine.id })).toMatchObject([{ id: 'c1', principalKind: 'machine' }]);
});
