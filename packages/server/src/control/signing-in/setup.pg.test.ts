import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import { keepChallenge, takeChallenge } from './challenges.ts';
import { describeSetup } from './setup.contract.ts';

/** What differs on PostgreSQL: those who use a link at the same moment really do. */
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

describeSetup('PostgreSQL', () => kit);

it('[NEW-11] people sign in, are listed and are signed out on PostgreSQL', async () => {
  const bo = { email: 'bo@example.com' };
  await kit.owner.members.add({ params: { workspace: 'acme' }, body: bo });
  const { client } = await kit.signIn(bo.email);
  expect(await client.session.show()).toMatchObject({ user: bo, workspaces: [{ slug: 'acme' }] });
  expect((await client.sessions.list()).items).toHaveLength(1);
  expect(await kit.owner.people.endSessions({ params: bo })).toEqual({ ended: 1 });
});

it('[NEW-11] a challenge is taken by one of many on PostgreSQL', async () => {
  const { db } = kit.database;
  const { clock } = kit.courier;
  await keepChallenge(db, clock.now(), 'a-challenge', null);
  const answer = Buffer.from(JSON.stringify({ challenge: 'a-challenge' })).toString('base64url');
  const takes = await Promise.allSettled(Array.from({ length: 6 }, () => takeChallenge(db, clock.now(), answer, null)));
  expect(takes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});
