import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
const payments = { ...params, team: 'payments' };
let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
  await kit.owner.teams.create({ params, body: { name: 'Payments' } });
});
afterEach(() => kit[Symbol.asyncDispose]());

const idOf = async (email: string) =>
  (await kit.owner.members.list({ params })).items.find((item) => item.email === email)!.id;
const join = (member: string, team = 'payments') => kit.owner.teams.addMember({ params: { ...params, team, member } });
const audited = async (action: string) =>
  (await kit.owner.auditEvents.list({ params, query: { action } })).items.map(({ target, detail }) => ({
    target,
    detail,
  }));

it('[L2-09] creates a team with a slug that is unique in its workspace and stays when it is renamed', async () => {
  expect((await kit.owner.teams.list({ params })).items).toMatchObject([
    { slug: 'payments', name: 'Payments', memberCount: 0 },
  ]);
  expect(await failure(kit.owner.teams.create({ params, body: { name: 'payments!' } }))).toMatchObject({
    code: 'already_exists',
  });
  expect(await kit.owner.teams.update({ params: payments, body: { name: 'Billing' } })).toMatchObject({
    slug: 'payments',
    name: 'Billing',
  });
  await kit.owner.workspaces.create({ body: { name: 'Other' } });
  await kit.owner.teams.create({ params: { workspace: 'other' }, body: { name: 'Payments' } });
  expect(await failure(kit.owner.teams.create({ params, body: { name: '¡!' } }))).toMatchObject({
    issues: [{ path: 'body.slug' }],
  });
  expect(await audited('teams.update')).toEqual([
    { target: 'team:payments', detail: { before: { name: 'Payments' }, after: { name: 'Billing' } } },
  ]);
});

it('[L2-09] the tokens of a member carry their teams, and nobody else does', async () => {
  const cy = await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const di = await kit.owner.members.add({ params, body: { email: 'di@example.com' } });
  for (const memberId of [cy.id, di.id])
    await kit.owner.tokens.issue({ params, body: { kind: 'member', memberId, label: memberId } });
  const ops = await kit.owner.teams.create({ params, body: { name: 'Ops' } });
  const nudged = (await kit.nudges()).length;
  await join(cy.id);
  await join(cy.id, 'ops');
  await join(cy.id, 'ops');
  expect((await kit.nudges()).length).toBe(nudged + 2);
  const { id } = await kit.owner.teams.show({ params: payments });
  const teamsOf = async () =>
    Object.fromEntries((await kit.snapshot('acme')).tokens.map((token) => [token.memberId, token.teams]));
  expect(await teamsOf()).toEqual({ null: [], [di.id]: [], [cy.id]: [id, ops.id].sort() });
  await kit.owner.teams.removeMember({ params: { ...payments, member: cy.id } });
  await kit.owner.teams.removeMember({ params: { ...payments, member: cy.id } });
  expect(await teamsOf()).toMatchObject({ [cy.id]: [ops.id] });
  expect((await kit.nudges()).length).toBe(nudged + 3);
  await kit.owner.teams.remove({ params: { ...params, team: 'ops' } });
  expect(await teamsOf()).toMatchObject({ [cy.id]: [] });
});

it('[L2-09] a member sees the teams they are in and no others', async () => {
  const key = await kit.memberKey('acme', 'cy@example.com', 'member');
  const cy = kit.clientOf(key);
  await kit.owner.teams.create({ params, body: { name: 'Ops' } });
  expect((await cy.teams.list({ params })).items).toEqual([]);
  const hidden = await failure(cy.teams.show({ params: payments }));
  const missing = await failure(cy.teams.show({ params: { ...params, team: 'nothing' } }));
  expect(hidden.detail.replace('payments', 'X')).toBe(missing.detail.replace('nothing', 'X'));
  await join(await idOf('cy@example.com'));
  expect((await cy.teams.list({ params })).items.map((team) => team.slug)).toEqual(['payments']);
  expect((await cy.teams.show({ params: payments })).members).toMatchObject([{ email: 'cy@example.com' }]);
  expect((await kit.owner.teams.list({ params })).items).toHaveLength(2);
  const query = { member: await idOf('cy@example.com') };
  expect((await kit.owner.teams.list({ params, query })).items.map((team) => team.slug)).toEqual(['payments']);
  expect((await cy.teams.list({ params, query: { member: await idOf('ada@example.com') } })).items).toEqual([]);
});

it('[L2-09] a removed member leaves their teams; coming back does not bring them back', async () => {
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  const id = await idOf('cy@example.com');
  await join(id);
  await kit.owner.members.remove({ params: { ...params, member: id } });
  expect(await kit.owner.teams.show({ params: payments })).toMatchObject({ memberCount: 0, members: [] });
  expect(await audited('members.remove')).toMatchObject([{ detail: { left: { teams: ['payments'] } } }]);
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  expect(await kit.owner.teams.show({ params: payments })).toMatchObject({ members: [] });
  expect(await failure(join(id))).toMatchObject({ code: 'not_found' });
});

it('[L2-09] is not deleted while something names it, and the error says what', async () => {
  const { invitation } = await kit.owner.invitations.create({
    params,
    body: { email: 'ina@example.com', teams: ['payments'] },
  });
  const refused = await failure(kit.owner.teams.remove({ params: payments }));
  expect(refused).toMatchObject({ code: 'conflict', detail: expect.stringContaining('ina@example.com') as string });
  await kit.owner.invitations.revoke({ params: { ...params, invitation: invitation.id } });
  await join(await idOf('ada@example.com'));
  await kit.owner.teams.remove({ params: payments });
  expect(await failure(kit.owner.teams.show({ params: payments }))).toMatchObject({ code: 'not_found' });
  expect((await kit.owner.members.list({ params })).items).toHaveLength(1);
});
