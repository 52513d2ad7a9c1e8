import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation, Role } from '@mcpnest/contract/operation';
import { allOperations } from '@mcpnest/contract/operations';
import { atLeast } from '../domain/roles.ts';
import { mintToken } from '../domain/token.ts';
import { failure, startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

/**
 * Every operation of the contract against every kind of caller. The list comes from the contract, so an operation
 * that is added is tested without anyone remembering to.
 */
let kit: Kit;
let keys: Record<Role, string>;
let other: string;
/** Secret of an invitation that stays open: no request here is complete enough to use it up. */
let invitation: string;
const unknownId = '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11';

beforeAll(async () => {
  kit = await startKit();
  keys = {
    owner: await kit.memberKey('acme', 'olga@example.com', 'owner'),
    admin: await kit.memberKey('acme', 'bo@example.com', 'admin'),
    member: await kit.memberKey('acme', 'cy@example.com', 'member'),
  };
  const invited = { params: { workspace: 'acme' }, body: { email: 'ina@example.com' } };
  invitation = (await kit.owner.invitations.create(invited)).secret;
  await kit.owner.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  other = await kit.memberKey('other', 'eve@example.com', 'owner');
});
afterAll(() => kit[Symbol.asyncDispose]());

const values: Record<string, string> = { workspace: 'acme', server: 'missing', target: '127.0.0.1:1' };
const pathOf = (operation: Operation): string =>
  operation.path.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? unknownId);

/** No body: permission must be settled before the input is looked at. */
const statusOf = async (operation: Operation, key: string | null): Promise<number> => {
  const response = await kit.send(operation.method, pathOf(operation), { key });
  const problem = (await response.json().catch(() => null)) as { code?: string } | null;
  if (response.status >= 500) throw new Error(`${operation.id}: ${JSON.stringify(problem)}`);
  return response.status;
};

const refusedBy = (status: number): boolean => status === 401 || status === 403;

describe.each(allOperations.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  it('[TOK-09] answers 401 without a key, with a wrong key and with a gateway token', async () => {
    expect(await statusOf(operation, null)).toBe(401);
    expect(await statusOf(operation, mintToken('mnk_'))).toBe(401);
    expect(await statusOf(operation, 'mnk_short')).toBe(401);
    expect(await statusOf(operation, kit.workspaceToken)).toBe(401);
    expect(await statusOf(operation, mintToken('mni_'))).toBe(401);
  });

  it('[GW-16] is open to its role and above, and to no role below', async () => {
    for (const role of ['owner', 'admin', 'member'] as const) {
      const status = await statusOf(operation, keys[role]);
      const may = operation.role !== 'invited' && operation.scope !== 'instance' && atLeast(role, operation.role);
      expect([role, refusedBy(status)]).toEqual([role, !may]);
    }
    expect(refusedBy(await statusOf(operation, kit.ownerKey))).toBe(operation.role === 'invited');
    expect(refusedBy(await statusOf(operation, invitation))).toBe(operation.role !== 'invited');
  });

  it('shows nothing to a key of another workspace', async () => {
    // What names its workspace in query or body is refused for its form here; tenants.security.test.ts names it.
    const unnamed = operation.scope === 'named' && Object.keys(operation.params.shape).length === 0;
    const formless = operation.body === null ? 400 : 415;
    expect(await statusOf(operation, other)).toBe(operation.scope === 'instance' ? 403 : unnamed ? formless : 404);
  });

  it('refuses fields and parameters it does not declare', async () => {
    const key = operation.role === 'invited' ? invitation : kit.ownerKey;
    if (operation.body !== null) {
      const sent = { ...(operation.example as object), surprise: true };
      const response = await kit.send(operation.method, pathOf(operation), { key, body: sent });
      expect([response.status, await response.json()]).toMatchObject([400, { issues: [{ path: 'body.surprise' }] }]);
    }
    const response = await kit.send(operation.method, `${pathOf(operation)}?surprise=1`, { key });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { issues: expect.arrayContaining([expect.objectContaining({ path: 'query.surprise' })]) as unknown },
    ]);
  });

  it('has a documented example that fits its own schema', () => {
    if (operation.body !== null) expect(operation.body.safeParse(operation.example)).toMatchObject({ success: true });
  });
});

describe('[TOK-09] a control key', () => {
  it('answers 401 with a challenge and says what is needed', async () => {
    const response = await kit.send('GET', '/api/v1/instance', { key: kit.workspaceToken });
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(await response.json()).toMatchObject({
      code: 'unauthenticated',
      detail: expect.stringContaining('mnk_') as string,
    });
  });

  it('gives the same answer for unknown, expired and revoked keys', async () => {
    const body = { email: 'ada@example.com', role: 'admin', label: 'short' } as const;
    const expiring = await kit.owner.instanceKeys.issue({ body: { ...body, expiresInDays: 1 } });
    const revoked = await kit.owner.instanceKeys.issue({ body });
    expect(
      await statusOf(
        allOperations.find(({ id }) => id === 'instance.show')!,
        expiring.secret,
      ),
    ).toBe(200);
    await kit.owner.instanceKeys.revoke({ params: { key: revoked.apiKey.id } });
    kit.advance(86_400_000);
    const answers = await Promise.all(
      [expiring.secret, revoked.secret, mintToken('mnk_')].map(async (key) => {
        const { requestId: _, ...rest } = (await (await kit.send('GET', '/api/v1/instance', { key })).json()) as {
          requestId: string;
        };
        return rest;
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('counts for no more than its member, and ends with the membership', async () => {
    const key = await kit.memberKey('acme', 'di@example.com', 'admin');
    const client = kit.clientOf(key);
    const member = (await kit.owner.members.list({ params: { workspace: 'acme' } })).items.find(
      (item) => item.email === 'di@example.com',
    )!;
    const params = { workspace: 'acme', member: member.id };
    expect((await client.apiKeys.list({ params: { workspace: 'acme' } })).items).not.toEqual([]);
    await kit.owner.members.update({ params, body: { role: 'member' } });
    expect(await failure(client.apiKeys.list({ params: { workspace: 'acme' } }))).toMatchObject({ code: 'forbidden' });
    expect((await client.workspaces.show({ params: { workspace: 'acme' } })).slug).toBe('acme');
    await kit.owner.members.remove({ params });
    expect(await failure(client.workspaces.show({ params: { workspace: 'acme' } }))).toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('notes the day of its use, not every use', async () => {
    const lastUse = async () => {
      const { items } = await kit.owner.instanceKeys.list();
      return items.find((item) => item.label === 'First owner')!.lastUsedAt;
    };
    const first = await lastUse();
    kit.advance(3_600_000);
    expect(await lastUse()).toBe(first);
    kit.advance(86_400_000);
    expect(Date.parse((await lastUse())!) - Date.parse(first!)).toBe(90_000_000);
  });

  it('cannot mint, rotate or revoke a key above its own role', async () => {
    const params = { workspace: 'acme' };
    const admin = kit.clientOf(keys.admin);
    const ownerKey = (await kit.owner.apiKeys.list({ params })).items.find((item) => item.role === 'owner')!;
    const issue = { email: 'olga@example.com', role: 'owner', label: 'x' } as const;
    expect(await failure(admin.apiKeys.issue({ params, body: issue }))).toMatchObject({ code: 'forbidden' });
    const own = { ...params, key: ownerKey.id };
    expect(await failure(admin.apiKeys.rotate({ params: own, body: {} }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(admin.apiKeys.revoke({ params: own }))).toMatchObject({ code: 'forbidden' });
    const above = { email: 'cy@example.com', role: 'admin', label: 'x' } as const;
    expect(await failure(kit.owner.apiKeys.issue({ params, body: above }))).toMatchObject({ code: 'forbidden' });
  });

  it('does not reach a key, token or member of another workspace by its id', async () => {
    const eve = kit.clientOf(other);
    const params = { workspace: 'other' };
    const acme = { workspace: 'acme' };
    const token = (await kit.owner.tokens.list({ params: acme })).items[0]!;
    const key = (await kit.owner.apiKeys.list({ params: acme })).items[0]!;
    const member = (await kit.owner.members.list({ params: acme })).items[0]!;
    const attempts = [
      eve.tokens.revoke({ params: { ...params, token: token.id } }),
      eve.tokens.rotate({ params: { ...params, token: token.id }, body: {} }),
      eve.tokens.issue({ params, body: { kind: 'member', memberId: member.id, label: 'x' } }),
      eve.apiKeys.revoke({ params: { ...params, key: key.id } }),
      eve.members.remove({ params: { ...params, member: member.id } }),
      eve.members.update({ params: { ...params, member: member.id }, body: { role: 'member' } }),
    ];
    for (const attempt of attempts) expect(await failure(attempt)).toMatchObject({ code: 'not_found' });
    expect(
      (await kit.owner.tokens.list({ params: acme })).items.find((item) => item.id === token.id)?.revokedAt,
    ).toBeNull();
  });

  it('is throttled only where it fails: an address with too many failures still works with a valid key', async () => {
    const remoteAddress = '192.0.2.7';
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 25; attempt++) {
      statuses.push((await kit.send('GET', '/api/v1/instance', { key: mintToken('mnk_'), remoteAddress })).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.slice(20)).toEqual([429, 429, 429, 429, 429]);
    const refused = await kit.send('GET', '/api/v1/instance', { key: null, remoteAddress });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await kit.send('GET', '/api/v1/instance', { remoteAddress })).status).toBe(200);
    expect((await kit.send('GET', '/api/v1/instance', { key: null, remoteAddress: '192.0.2.8' })).status).toBe(401);
    kit.advance(3_000);
    expect((await kit.send('GET', '/api/v1/instance', { key: null, remoteAddress })).status).toBe(401);
  });
});
