import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme' };
let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const idOf = async (email: string) =>
  (await kit.owner.members.list({ params })).items.find((item) => item.email === email)!.id;

it('[TOK-09] adds a person once, by an email that ignores case', async () => {
  const made = await kit.owner.members.add({ params, body: { email: 'Cy@Example.com' } });
  expect(made).toMatchObject({ email: 'cy@example.com', name: 'cy', role: 'member' });
  expect(await failure(kit.owner.members.add({ params, body: { email: 'cy@example.com' } }))).toMatchObject({
    code: 'already_exists',
  });
  expect(await failure(kit.owner.members.add({ params, body: { email: 'no email' } }))).toMatchObject({
    code: 'invalid_input',
  });
  await kit.owner.workspaces.create({ body: { name: 'Other' } });
  const elsewhere = await kit.owner.members.add({
    params: { workspace: 'other' },
    body: { email: 'cy@example.com', name: 'Someone' },
  });
  expect(elsewhere).toMatchObject({ userId: made.userId, name: 'cy' });
});

it('[TOK-07] removing a member ends their tokens and keys in this workspace, and nothing else', async () => {
  const key = await kit.memberKey('acme', 'cy@example.com', 'member');
  const id = await idOf('cy@example.com');
  const theirs = await kit.owner.tokens.issue({ params, body: { kind: 'member', memberId: id, label: 'laptop' } });
  const machine = await kit.owner.tokens.issue({ params, body: { label: 'ci' } });
  await kit.owner.members.remove({ params: { ...params, member: id } });
  const left = (await kit.snapshot('acme')).tokens.map((token) => token.id);
  expect(left).toContain(machine.token.id);
  expect(left).not.toContain(theirs.token.id);
  expect(await failure(kit.clientOf(key).servers.list({ params }))).toMatchObject({ code: 'unauthenticated' });

  const back = await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  expect(back.id).not.toBe(id);
  expect((await kit.snapshot('acme')).tokens.map((token) => token.id)).not.toContain(theirs.token.id);
  expect(await failure(kit.clientOf(key).servers.list({ params }))).toMatchObject({ code: 'unauthenticated' });
});

it('[L2-07] keeps the last owner, whoever asks', async () => {
  const member = await idOf('ada@example.com');
  for (const client of [kit.owner, kit.local]) {
    expect(await failure(client.members.remove({ params: { ...params, member } }))).toMatchObject({ code: 'conflict' });
    expect(
      await failure(client.members.update({ params: { ...params, member }, body: { role: 'admin' } })),
    ).toMatchObject({ code: 'conflict' });
  }
  await kit.owner.members.add({ params, body: { email: 'olga@example.com', role: 'owner' } });
  expect(await kit.owner.members.update({ params: { ...params, member }, body: { role: 'admin' } })).toMatchObject({
    role: 'admin',
  });
  expect(
    await failure(kit.owner.members.remove({ params: { ...params, member: await idOf('olga@example.com') } })),
  ).toMatchObject({ code: 'conflict' });
});

it('[L2-07] lets nobody act on or make someone above themselves', async () => {
  const admin = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
  const ada = await idOf('ada@example.com');
  expect(await failure(admin.members.remove({ params: { ...params, member: ada } }))).toMatchObject({
    code: 'forbidden',
  });
  expect(
    await failure(admin.members.update({ params: { ...params, member: ada }, body: { role: 'member' } })),
  ).toMatchObject({ code: 'forbidden' });
  expect(await failure(admin.members.add({ params, body: { email: 'x@example.com', role: 'owner' } }))).toMatchObject({
    code: 'forbidden',
  });
  const own = { params: { ...params, member: await idOf('bo@example.com') }, body: { role: 'owner' as const } };
  expect(await failure(admin.members.update(own))).toMatchObject({ code: 'forbidden' });
  expect(await admin.members.add({ params, body: { email: 'x@example.com', role: 'admin' } })).toMatchObject({
    role: 'admin',
  });
});
