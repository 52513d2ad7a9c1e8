import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../../domain/token.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import { maxTokens } from './holder.ts';

const params = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const issue = (body: object = {}) => kit.owner.tokens.issue({ params, body: { label: 'ci', ...body } });
const snapshotOf = async (id: string) => (await kit.snapshot('acme')).tokens.find((token) => token.id === id);

it('[TOK-05] issues a workspace token that the gateway knows by hash at once', async () => {
  const { token, secret } = await issue();
  expect(token).toMatchObject({ kind: 'workspace', memberId: null, scope: null, expiresAt: null, revokedAt: null });
  expect(await snapshotOf(token.id)).toEqual({
    id: token.id,
    hash: hashToken(secret),
    kind: 'workspace',
    memberId: null,
    machineId: null,
    teams: [],
    label: 'ci',
    scope: null,
    expiresAt: null,
  });
});

it('[TOK-06] issues a member token, for a member of this workspace only', async () => {
  const member = await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const { token } = await issue({ kind: 'member', memberId: member.id });
  expect(await snapshotOf(token.id)).toMatchObject({ kind: 'member', memberId: member.id });
  await kit.owner.members.remove({ params: { ...params, member: member.id } });
  expect(await failure(issue({ kind: 'member', memberId: member.id }))).toMatchObject({ code: 'not_found' });
  const nobody = kit.local.tokens.issue({ params, body: { kind: 'member', label: 'x' } });
  expect(await failure(nobody)).toMatchObject({ issues: [{ path: 'body.memberId' }] });
  expect(await failure(issue({ memberId: member.id }))).toMatchObject({ issues: [{ path: 'body.memberId' }] });
});

it('[TOK-06] narrows a token to servers and tools that exist', async () => {
  await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://a.example.com/mcp' } });
  const scope = ['github', 'github:list_issues'];
  expect(await snapshotOf((await issue({ scope })).token.id)).toMatchObject({ scope });
  for (const wrong of [['gitlab'], ['gitlab:x'], ['GitHub'], ['github:'], ['github: x'], [], ['']]) {
    expect(await failure(issue({ scope: wrong }))).toMatchObject({ code: 'invalid_input' });
  }
});

it('[TOK-08] rotates: the new one works at once, the old one ends now or after the overlap', async () => {
  const first = await issue({ expiresInDays: 30 });
  const second = await kit.owner.tokens.rotate({
    params: { ...params, token: first.token.id },
    body: { overlapSeconds: 60 },
  });
  const [old, next] = [await snapshotOf(first.token.id), await snapshotOf(second.token.id)];
  expect(old?.expiresAt).toBe('2026-11-21T12:01:00.000Z');
  expect(next).toMatchObject({ hash: hashToken(second.secret), expiresAt: '2026-12-21T12:00:00.000Z', label: 'ci' });
  const third = await kit.owner.tokens.rotate({ params: { ...params, token: second.token.id }, body: {} });
  expect(await snapshotOf(second.token.id)).toBeUndefined();
  expect(await snapshotOf(third.token.id)).toBeDefined();
  const again = kit.owner.tokens.rotate({ params: { ...params, token: first.token.id }, body: {} });
  expect(await failure(again)).toMatchObject({ code: 'conflict' });
  const listed = (await kit.owner.tokens.list({ params })).items;
  expect(listed.find((item) => item.id === first.token.id)?.replacedBy).toBe(second.token.id);
});

it('an overlap never prolongs a token', async () => {
  const { token } = await issue({ expiresAt: '2026-11-21T12:00:30Z' });
  await kit.owner.tokens.rotate({ params: { ...params, token: token.id }, body: { overlapSeconds: 86_400 } });
  expect((await snapshotOf(token.id))?.expiresAt).toBe('2026-11-21T12:00:30.000Z');
});

it('[TOK-07] revokes now, tells the gateway, and says so only once', async () => {
  const { token } = await issue();
  const nudged = (await kit.nudges()).length;
  await kit.owner.tokens.revoke({ params: { ...params, token: token.id } });
  expect(await snapshotOf(token.id)).toBeUndefined();
  expect((await kit.nudges()).length).toBe(nudged + 1);
  const { version } = await kit.snapshot('acme');
  await kit.owner.tokens.revoke({ params: { ...params, token: token.id } });
  expect((await kit.snapshot('acme')).version).toBe(version);
});

it('refuses an end in the past and two ends at once', async () => {
  expect(await failure(issue({ expiresAt: '2026-11-21T11:59:59Z' }))).toMatchObject({
    issues: [{ path: 'body.expiresAt' }],
  });
  expect(await failure(issue({ expiresAt: '2027-01-01T00:00:00Z', expiresInDays: 3 }))).toMatchObject({
    code: 'invalid_input',
  });
  for (const expiresInDays of [0, -1, 1.5, 4000])
    expect(await failure(issue({ expiresInDays }))).toMatchObject({ status: 400 });
});

describe('a member', () => {
  let cy: Kit['owner'];
  let own: string;
  beforeEach(async () => {
    cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    own = (await kit.owner.members.list({ params })).items.find(({ email }) => email === 'cy@example.com')!.id;
  });

  it('[TOK-06] issues several tokens of their own, lists, rotates and ends them, and sees no others', async () => {
    const laptop = await cy.tokens.issue({ params, body: { kind: 'member', label: 'laptop' } });
    const phone = await cy.tokens.issue({
      params,
      body: { kind: 'member', memberId: own, label: 'phone', expiresInDays: 7 },
    });
    expect(await snapshotOf(laptop.token.id)).toMatchObject({ kind: 'member', memberId: own });
    expect((await cy.tokens.list({ params })).items.map(({ label, expiresAt }) => [label, expiresAt])).toEqual([
      ['phone', '2026-11-28T12:00:00.000Z'],
      ['laptop', null],
    ]);
    const next = await cy.tokens.rotate({ params: { ...params, token: laptop.token.id }, body: {} });
    expect(await snapshotOf(laptop.token.id)).toBeUndefined();
    await cy.tokens.revoke({ params: { ...params, token: next.token.id } });
    expect(await snapshotOf(next.token.id)).toBeUndefined();
    expect(await snapshotOf(phone.token.id)).toBeDefined();
  });

  it('has at most so many tokens at once, so that nobody fills the snapshot', async () => {
    const one = () => cy.tokens.issue({ params, body: { kind: 'member', label: 'x', expiresInDays: 1 } });
    const first = await one();
    for (let made = 1; made < maxTokens; made++) await one();
    expect(await failure(one())).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('Revoke') as string,
    });
    expect((await issue({ kind: 'workspace' })).token.kind).toBe('workspace');
    await cy.tokens.revoke({ params: { ...params, token: first.token.id } });
    await one();
    kit.advance(86_400_000);
    await one();
  });

  it('[TOK-06] gets tokens for a console that act for them, ten minutes each and five at once', async () => {
    const made = [];
    for (let count = 0; count < 6; count++) {
      made.push((await cy.tokens.issueForConsole({ params })).token);
      kit.advance(1_000);
    }
    expect(made[0]).toMatchObject({ kind: 'member', memberId: own, purpose: 'console', label: 'Console' });
    expect(made[0]!.expiresAt).toBe('2026-11-21T12:10:00.000Z');
    const { tokens } = await kit.snapshot('acme');
    expect(made.map(({ id }) => tokens.some((token) => token.id === id))).toEqual([
      false,
      ...made.slice(1).map(() => true),
    ]);
    const again = cy.tokens.rotate({ params: { ...params, token: made[5]!.id }, body: { expiresInDays: 300 } });
    expect(await failure(again)).toMatchObject({ code: 'conflict' });
    kit.advance(600_000);
    const last = await cy.tokens.issueForConsole({ params });
    const left = (await kit.snapshot('acme')).tokens.filter(({ memberId }) => memberId === own);
    expect(left.map(({ id }) => id)).toEqual([last.token.id]);
    const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'tokens.issueForConsole' } });
    expect(items[0]).toMatchObject({
      detail: { purpose: 'console', ended: expect.arrayContaining([made[5]!.id]) as unknown },
    });
    expect(await failure(kit.local.tokens.issueForConsole({ params }))).toMatchObject({ code: 'invalid_input' });
  });

  it('[L2-07] gets no token that acts for more than themself', async () => {
    const ada = (await kit.owner.members.list({ params })).items.find(({ email }) => email === 'ada@example.com')!;
    const theirs = await issue({ kind: 'member', memberId: ada.id });
    const machine = await issue();
    for (const body of [{}, { kind: 'workspace' as const }, { kind: 'member' as const, memberId: ada.id }]) {
      expect(await failure(cy.tokens.issue({ params, body: { label: 'x', ...body } }))).toMatchObject({
        code: 'forbidden',
      });
    }
    for (const { token } of [theirs, machine]) {
      const at = { ...params, token: token.id };
      expect(await failure(cy.tokens.rotate({ params: at, body: {} }))).toMatchObject({ code: 'not_found' });
      expect(await failure(cy.tokens.revoke({ params: at }))).toMatchObject({ code: 'not_found' });
      expect(await snapshotOf(token.id)).toBeDefined();
    }
  });

  it('[L2-07] an admin ends tokens of anybody but gets none that acts for an owner', async () => {
    const bo = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
    const ada = (await kit.owner.members.list({ params })).items.find(({ email }) => email === 'ada@example.com')!;
    const { token } = await issue({ kind: 'member', memberId: ada.id });
    const at = { ...params, token: token.id };
    expect(
      await failure(bo.tokens.issue({ params, body: { kind: 'member', memberId: ada.id, label: 'x' } })),
    ).toMatchObject({ code: 'forbidden' });
    expect(await failure(bo.tokens.rotate({ params: at, body: {} }))).toMatchObject({ code: 'forbidden' });
    expect(await bo.tokens.issue({ params, body: { kind: 'member', memberId: own, label: 'x' } })).toMatchObject({
      token: { memberId: own },
    });
    await bo.tokens.revoke({ params: at });
    expect(await snapshotOf(token.id)).toBeUndefined();
  });
});

it('shows when a token was last used, as the gateway has written it', async () => {
  const { token } = await issue();
  const used_at = '2026-11-21T12:34:56.000Z';
  expect(token.lastUsedAt).toBeNull();
  await kit.database.db.insertInto('token_last_use').values({ token_id: token.id, used_at }).execute();
  const listed = (await kit.owner.tokens.list({ params })).items;
  expect(listed.map(({ id, lastUsedAt }) => [id === token.id, lastUsedAt])).toEqual([
    [true, used_at],
    [false, null],
  ]);
});
