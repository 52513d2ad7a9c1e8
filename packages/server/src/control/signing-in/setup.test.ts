import { afterEach, beforeEach, expect, it } from 'vitest';
import { startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import { describeSetup } from './setup.contract.ts';
import { createHashing, issueSetupLink, setUpFromConfig } from './signing-in.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

describeSetup('SQLite', () => kit);

const deps = () => {
  const { database, courier } = kit;
  const { db, dialect } = database;
  return { db, dialect, bus: courier.bus, clock: courier.clock, hashing: createHashing() };
};
const signIn = (email: string, password: string) =>
  kit.send('POST', '/api/v1/session', { key: null, body: { email, password } });

it('[NEW-11] the link ends after an hour', async () => {
  const made = await issueSetupLink(deps(), { kind: 'local' }, 'https://mcp.example.com');
  expect(made!.link).toMatch(/^https:\/\/mcp\.example\.com\/setup#k=/);
  kit.advance(3_600_000);
  const body = {
    key: made!.link.split('#k=')[1]!,
    email: 'ada@example.com',
    name: 'Ada',
    password: 'a long private one',
  };
  expect((await kit.send('POST', '/api/v1/setup', { key: null, body })).status).toBe(401);
});

it('[NEW-11] says whether it is needed to anybody, but not without end to one address', async () => {
  const remoteAddress = '192.0.2.1';
  const statuses: number[] = [];
  for (let index = 0; index < 62; index++)
    statuses.push((await kit.send('GET', '/api/v1/setup', { key: null, remoteAddress })).status);
  expect(statuses.slice(58)).toEqual([200, 200, 429, 429]);
});

it('[NEW-11] a link is not used up where the browser could keep no session', async () => {
  const plain = { origin: 'http://gateway.internal' };
  await using other = await startKit(undefined, ['gateway.internal']);
  const { database, courier } = other;
  const made = await issueSetupLink({ ...courier, db: database.db }, { kind: 'local' }, 'http://gateway.internal');
  const body = {
    key: made!.link.split('#k=')[1]!,
    email: 'ada@example.com',
    name: 'Ada',
    password: 'a long private one',
  };
  const refused = await other.send('POST', '/api/v1/setup', { key: null, body, headers: plain });
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('needs https')]);
  expect((await other.send('POST', '/api/v1/setup', { key: null, body })).status).toBe(201);
});

it('gives the owner nobody else’s address', async () => {
  await kit.owner.members.add({ params: { workspace: 'acme' }, body: { email: 'bo@example.com' } });
  const made = await issueSetupLink(deps(), { kind: 'local' }, 'https://mcp.example.com');
  const body = {
    key: made!.link.split('#k=')[1]!,
    email: 'bo@example.com',
    name: 'Bo',
    password: 'a long private one',
  };
  expect((await kit.send('POST', '/api/v1/setup', { key: null, body })).status).toBe(409);
  // The link was not used up by what came to nothing.
  const again = { ...body, email: 'ada@example.com' };
  expect((await kit.send('POST', '/api/v1/setup', { key: null, body: again })).status).toBe(201);
});

it('[NEW-11] makes an owner and a workspace where there is nothing at all', async () => {
  const { db } = kit.database;
  for (const table of [
    ...(['api_keys', 'gateway_tokens', 'members', 'workspace_snapshots', 'policy_versions', 'digest_salts'] as const),
    ...(['audit_events', 'gateway_workspaces', 'users'] as const),
  ])
    await db.deleteFrom(table).execute();
  const owner = { email: 'ada@example.com', password: 'a long and private one' };
  await setUpFromConfig(deps(), owner);
  const response = await signIn(owner.email, owner.password);
  expect(await response.json()).toMatchObject({
    instanceRole: 'owner',
    workspaces: [{ slug: 'default', role: 'owner' }],
  });
});

it('[NEW-11] the configuration sets up once, and a weak password not at all', async () => {
  const owner = { email: 'ada@example.com', password: 'a long and private one' };
  await expect(setUpFromConfig(deps(), { ...owner, password: 'password1234' })).rejects.toMatchObject({
    code: 'invalid_input',
  });
  await setUpFromConfig(deps(), owner);
  await setUpFromConfig(deps(), { ...owner, password: 'another one altogether' });
  expect((await signIn(owner.email, 'another one altogether')).status).toBe(401);
  expect((await signIn(owner.email, owner.password)).status).toBe(201);
});
