import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation, Role } from '@mcpnest/contract/operation';
import { allOperations } from '@mcpnest/contract/operations';
import { atLeast } from '../domain/roles.ts';
import { mintToken } from '../domain/token.ts';
import { isLive, failure, startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

/**
 * Every operation of the contract against every kind of caller. The list comes from the contract, so an operation
 * that is added is tested without anyone remembering to.
 */
let kit: Kit;
let keys: Record<Role, string>;
let other: string;
/** What the browsers send in which people of these roles are signed in; `none`: with no workspace at all. */
let browsers: Record<Role | 'instance' | 'other' | 'none', Record<string, string>>;
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
  await kit.owner.members.add({ params: { workspace: 'other' }, body: { email: 'nobody@example.com' } });
  const headersOf = async (email: string) => (await kit.signIn(email)).headers;
  browsers = {
    owner: await headersOf('olga@example.com'),
    admin: await headersOf('bo@example.com'),
    member: await headersOf('cy@example.com'),
    instance: await headersOf('ada@example.com'),
    other: await headersOf('eve@example.com'),
    none: await headersOf('nobody@example.com'),
  };
  const params = { workspace: 'other' };
  const leaving = (await kit.owner.members.list({ params })).items.find(({ email }) => email === 'nobody@example.com')!;
  await kit.owner.members.remove({ params: { ...params, member: leaving.id } });
});
afterAll(() => kit[Symbol.asyncDispose]());

const values: Record<string, string> = {
  workspace: 'acme',
  server: 'missing',
  target: '127.0.0.1:1',
  email: 'missing@example.com',
};
const pathOf = (operation: Operation): string =>
  operation.path.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? unknownId);

/** No body: permission must be settled before the input is looked at. */
const statusOf = async (
  operation: Operation,
  key: string | null,
  headers: Record<string, string> = {},
): Promise<number> => {
  const response = await kit.send(operation.method, pathOf(operation), { key, headers });
  if (response.ok && isLive(operation.response)) {
    await response.body?.cancel();
    return response.status;
  }
  const problem = (await response.json().catch(() => null)) as { code?: string } | null;
  if (response.status >= 500) throw new Error(`${operation.id}: ${JSON.stringify(problem)}`);
  return response.status;
};

const isRole = (access: Operation['role']): access is Role => access in keys;

/** Of operations that cannot be asked without. */
const asked: Record<string, string> = { 'impacts.show': 'kind=server&id=one&' };

/** What names its workspace in query or body is refused for its form here; tenants.security.test.ts names it. */
const unnamed = ({ scope, params }: Operation): boolean => scope === 'named' && Object.keys(params.shape).length === 0;
const formless = ({ body }: Operation): number => (body === null ? 400 : 415);

const refusedBy = (status: number): boolean => status === 401 || status === 403;

/** Signing out would end what the tests after it need. */
const endsSessions = new Set(['session.end', 'sessions.revokeOthers']);
const byKey = allOperations.filter(({ role }) => role !== 'anyone' && role !== 'signed-in');

describe.each(allOperations.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  it('[NEW-11] is open to a person who is signed in as their role is, and to nobody else', async () => {
    if (endsSessions.has(operation.id)) return;
    const statusFor = (who: keyof typeof browsers) => statusOf(operation, null, browsers[who]);
    const { role, scope } = operation;
    for (const who of ['owner', 'admin', 'member', 'instance', 'other', 'none'] as const) {
      const status = await statusFor(who);
      if (role === 'anyone' || role === 'signed-in') expect([who, refusedBy(status)]).toEqual([who, false]);
      else if (role === 'invited') expect([who, status]).toEqual([who, 403]);
      else if (who === 'instance') expect([who, refusedBy(status)]).toEqual([who, false]);
      else if (scope === 'instance') expect([who, refusedBy(status)]).toEqual([who, operation.ownPart !== true]);
      else if (scope === 'named' && unnamed(operation)) expect([who, status]).toEqual([who, formless(operation)]);
      else if (who === 'other' || who === 'none') expect([who, status]).toEqual([who, 404]);
      else expect([who, refusedBy(status)]).toEqual([who, !atLeast(who, role)]);
    }
    if (operation.method === 'GET' || role === 'anyone') return;
    const { 'x-csrf-token': _token, ...without } = browsers.instance;
    expect(await statusOf(operation, null, without)).toBe(403);
  });
});

describe.each(byKey.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
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
      const may = isRole(operation.role) && operation.scope !== 'instance' && atLeast(role, operation.role);
      expect([role, refusedBy(status)]).toEqual([role, !may]);
    }
    expect(refusedBy(await statusOf(operation, kit.ownerKey))).toBe(operation.role === 'invited');
    expect(refusedBy(await statusOf(operation, invitation))).toBe(operation.role !== 'invited');
  });

  it('shows nothing to a key of another workspace', async () => {
    const elsewhere = unnamed(operation) ? formless(operation) : 404;
    expect(await statusOf(operation, other)).toBe(operation.scope === 'instance' ? 403 : elsewhere);
  });
});

describe.each(allOperations.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  it('refuses fields and parameters it does not declare', async () => {
    const key = { invited: invitation, 'signed-in': null, anyone: null }[operation.role as string];
    const as = {
      key: key === undefined ? kit.ownerKey : key,
      headers: operation.role === 'signed-in' ? browsers.instance : {},
    };
    if (operation.body !== null) {
      const sent = { ...(operation.example as object), surprise: true };
      const response = await kit.send(operation.method, pathOf(operation), { ...as, body: sent });
      expect([response.status, await response.json()]).toMatchObject([400, { issues: [{ path: 'body.surprise' }] }]);
    }
    const query = `${asked[operation.id] ?? ''}surprise=1`;
    const response = await kit.send(operation.method, `${pathOf(operation)}?${query}`, as);
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
