import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const acme = { workspace: 'acme' };
const invite = (email: string, workspace = 'acme') =>
  kit.owner.invitations.create({ params: { workspace }, body: { email } });
const accept = (secret: string, password: string) =>
  kit.send('POST', '/api/v1/invitations/accept-in-console', { key: null, body: { secret, name: 'Ina', password } });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];

describe('[NEW-11] an invitation accepted in the console', () => {
  it('makes a member with a password who is signed in, and works once', async () => {
    const { secret, link } = await invite('ina@example.com');
    expect(link).toBe(`http://localhost:8420/invitation#${secret}`);
    expect(await codeOf(await accept(secret, 'short'))).toEqual([400, 'invalid_input']);
    const tries = await Promise.all(Array.from({ length: 3 }, () => accept(secret, 'a long and private one')));
    expect(tries.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await tries.find(({ status }) => status === 201)!.json()).toMatchObject({
      user: { email: 'ina@example.com', name: 'Ina' },
      instanceRole: null,
      workspaces: [{ slug: 'acme', role: 'member' }],
      authMethod: 'invitation',
    });
    expect(await codeOf(await accept(secret, 'a long and private one'))).toEqual([401, 'unauthenticated']);
    expect((await kit.owner.apiKeys.list({ params: acme })).items).toEqual([]);
  });

  it('takes no account over: whoever has one gives its password, and one without stays shut', async () => {
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    await kit.owner.members.add({ params: { workspace: 'other' }, body: { email: 'bo@example.com', role: 'owner' } });
    await kit.owner.members.add({ params: { workspace: 'other' }, body: { email: 'cy@example.com' } });
    await kit.signIn('bo@example.com');
    const bo = await invite('bo@example.com');
    expect(await codeOf(await accept(bo.secret, 'chosen by the one who sent it'))).toEqual([400, 'invalid_input']);
    expect((await accept(bo.secret, 'the password of bo@example.com')).status).toBe(201);
    const cy = await invite('cy@example.com');
    expect(await codeOf(await accept(cy.secret, 'chosen by the one who sent it'))).toEqual([409, 'conflict']);
    await kit.signIn('cy@example.com');
    expect((await accept(cy.secret, 'the password of cy@example.com')).status).toBe(201);
    // An owner of the instance who has not finished the set-up is not to be had this way either.
    const params = { workspace: 'elsewhere' };
    await kit.local.workspaces.create({ body: { name: 'Elsewhere' } });
    const { secret } = await kit.local.invitations.create({ params, body: { email: 'ada@example.com' } });
    expect(await codeOf(await accept(secret, 'chosen by the one who sent it'))).toEqual([409, 'conflict']);
  });
});
