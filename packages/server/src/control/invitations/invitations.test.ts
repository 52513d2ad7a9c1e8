import { afterEach, beforeEach, expect, it } from 'vitest';
import { hashToken } from '../../domain/token.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const dayMs = 86_400_000;
let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
  await kit.owner.teams.create({ params, body: { name: 'Payments' } });
});
afterEach(() => kit[Symbol.asyncDispose]());

const invite = (body: object = {}) =>
  kit.owner.invitations.create({ params, body: { email: 'Ina@Example.com', ...body } });
const accept = (secret: string, body = {}) => kit.clientOf(secret).invitations.accept({ body });
const states = async () =>
  Object.fromEntries((await kit.owner.invitations.list({ params })).items.map(({ email, state }) => [email, state]));
const idOf = async (email: string) =>
  (await kit.owner.members.list({ params })).items.find((item) => item.email === email)!.id;

it('[TOK-09] makes a person a member with role, teams and a control key that works', async () => {
  const { secret, invitation } = await invite({ role: 'admin', teams: ['payments', 'payments'] });
  expect(secret).toMatch(/^mni_[0-9a-f]{48}$/);
  expect(invitation).toMatchObject({
    email: 'ina@example.com',
    role: 'admin',
    teams: ['payments'],
    state: 'open',
    hint: secret.slice(-4),
    expiresAt: '2026-11-28T12:00:00.000Z',
  });
  const row = await kit.database.db.selectFrom('invitations').selectAll().executeTakeFirstOrThrow();
  expect([row.hash, JSON.stringify(row).includes(secret)]).toEqual([hashToken(secret), false]);

  const accepted = await accept(secret, { name: 'Ina' });
  expect(accepted).toMatchObject({
    workspace: 'acme',
    member: { email: 'ina@example.com', name: 'Ina', role: 'admin' },
    apiKey: { email: 'ina@example.com', role: 'admin', workspace: 'acme' },
  });
  const ina = kit.clientOf(accepted.secret);
  expect((await ina.members.list({ params })).items).toHaveLength(2);
  expect((await ina.teams.show({ params: { ...params, team: 'payments' } })).members).toMatchObject([{ name: 'Ina' }]);
  expect((await kit.owner.invitations.list({ params })).items).toMatchObject([
    { state: 'accepted', memberId: accepted.member.id },
  ]);
  const actor = `invitation:${invitation.id}`;
  const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'invitations.accept' } });
  expect(items.map((event) => [event.actor, (event.target ?? '').split(':')[0]])).toEqual([
    [actor, 'key'],
    [actor, 'invitation'],
  ]);
});

it('[TOK-09] works once, also when it is used many times at the same moment', async () => {
  const { secret } = await invite();
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => accept(secret)));
  expect(tries.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  expect((await kit.owner.members.list({ params })).items).toHaveLength(2);
  expect((await kit.owner.apiKeys.list({ params })).items).toHaveLength(1);
  expect(await failure(accept(secret))).toMatchObject({ code: 'unauthenticated' });
});

it('gives one answer for what was used, revoked, has expired or never was', async () => {
  const [used, revoked, expired] = [
    await invite(),
    await invite({ email: 'b@example.com' }),
    await invite({ email: 'c@example.com', expiresInDays: 2 }),
  ];
  await accept(used.secret);
  await kit.owner.invitations.revoke({ params: { ...params, invitation: revoked.invitation.id } });
  kit.advance(2 * dayMs);
  expect(await states()).toEqual({
    'ina@example.com': 'accepted',
    'b@example.com': 'revoked',
    'c@example.com': 'expired',
  });
  const answers = await Promise.all(
    [used.secret, revoked.secret, expired.secret, `mni_${'0'.repeat(48)}`].map(async (secret) => {
      const { requestId: _, ...rest } = await failure(accept(secret));
      return rest;
    }),
  );
  for (const answer of answers) expect(answer).toEqual({ ...answers[3], code: 'unauthenticated' });
  expect((await invite({ email: 'c@example.com' })).invitation.state).toBe('open');
  await kit.owner.invitations.revoke({ params: { ...params, invitation: revoked.invitation.id } });
  const late = kit.owner.invitations.revoke({ params: { ...params, invitation: used.invitation.id } });
  expect(await failure(late)).toMatchObject({ code: 'conflict', detail: expect.stringContaining('member') as string });
});

it('refuses whoever is a member already, or has an open invitation', async () => {
  expect(await failure(invite({ email: 'ada@example.com' }))).toMatchObject({
    code: 'already_exists',
    detail: expect.stringContaining('member of this workspace already') as string,
  });
  const { secret } = await invite();
  expect(await failure(invite())).toMatchObject({ code: 'already_exists' });
  await kit.owner.members.add({ params, body: { email: 'ina@example.com' } });
  expect(await failure(accept(secret))).toMatchObject({ code: 'already_exists' });
  expect((await kit.owner.apiKeys.list({ params })).items).toEqual([]);
});

it('a person known from another workspace stays the same user with the same name', async () => {
  await kit.owner.workspaces.create({ body: { name: 'Other' } });
  const there = await kit.owner.members.add({
    params: { workspace: 'other' },
    body: { email: 'ina@example.com', name: 'Ina' },
  });
  const { member, secret } = await accept((await invite()).secret, { name: 'Impostor' });
  expect(member).toMatchObject({ userId: there.userId, name: 'Ina' });
  expect(await failure(kit.clientOf(secret).workspaces.show({ params: { workspace: 'other' } }))).toMatchObject({
    code: 'not_found',
  });
});

it('says what is wrong with the input and where', async () => {
  const wrong: [object, string][] = [
    [{ email: 'no email' }, 'body.email'],
    [{ role: 'boss' }, 'body.role'],
    [{ teams: ['payments', 'nothing'] }, 'body.teams.1'],
    [{ expiresInDays: 31 }, 'body.expiresInDays'],
    [{ expiresInDays: 0 }, 'body.expiresInDays'],
  ];
  for (const [body, path] of wrong) expect(await failure(invite(body))).toMatchObject({ issues: [{ path }] });
  expect((await kit.owner.invitations.list({ params })).items).toEqual([]);
});

it('[L2-07] invites to no role above the inviter, and ends with what the inviter may do', async () => {
  const bo = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  const member = await idOf('bo@example.com');
  expect(
    await failure(bo.invitations.create({ params, body: { email: 'x@example.com', role: 'owner' } })),
  ).toMatchObject({ code: 'forbidden' });
  const byOwner = await invite({ role: 'owner' });
  expect(
    await failure(bo.invitations.revoke({ params: { ...params, invitation: byOwner.invitation.id } })),
  ).toMatchObject({ code: 'forbidden' });
  const admin = await bo.invitations.create({ params, body: { email: 'a@example.com', role: 'admin' } });
  const plain = await bo.invitations.create({ params, body: { email: 'm@example.com' } });
  await kit.owner.members.update({ params: { ...params, member }, body: { role: 'member' } });
  expect(await states()).toEqual({ 'a@example.com': 'revoked', 'm@example.com': 'open', 'ina@example.com': 'open' });
  await kit.owner.members.remove({ params: { ...params, member } });
  expect(await states()).toMatchObject({ 'm@example.com': 'revoked', 'ina@example.com': 'open' });
  for (const { secret } of [admin, plain])
    expect(await failure(accept(secret))).toMatchObject({ code: 'unauthenticated' });
  const ended = (await kit.owner.auditEvents.list({ params, query: { action: 'members.remove' } })).items[0]?.detail;
  expect(ended).toMatchObject({ ended: { invitations: [plain.invitation.id] } });
});

it('opens nothing but its own acceptance, and nothing else opens that', async () => {
  const { secret } = await invite({ role: 'owner' });
  const bearer = kit.clientOf(secret);
  expect(await failure(bearer.members.list({ params }))).toMatchObject({ code: 'forbidden' });
  expect(await failure(bearer.workspaces.show({ params: { workspace: 'nothing' } }))).toMatchObject({
    code: 'forbidden',
  });
  for (const client of [kit.owner, kit.local])
    expect(await failure(client.invitations.accept({ body: {} }))).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('mni_') as string,
    });
});

it('is throttled like failed log-ins', async () => {
  const remoteAddress = '192.0.2.9';
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 22; attempt++) {
    const key = `mni_${String(attempt).padStart(48, '0')}`;
    statuses.push((await kit.send('POST', '/api/v1/invitations/accept', { key, body: {}, remoteAddress })).status);
  }
  expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
  expect(statuses.slice(20)).toEqual([429, 429]);
});
