import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mcpnest } from '../cli.ts';
import { bootstrapData, startProduct, type Product, type ProductData } from '../harness.ts';

describe.each(['against a URL', 'at the data folder'])('people from the command line, %s', (mode) => {
  let data: ProductData;
  let product: Product;
  let operator: Record<string, string>;
  /** Knows where the server or folder is, and has no key. */
  let nobody: Record<string, string>;
  const done = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await mcpnest(args, operator);
    expect([args.join(' '), code, err.includes('error')]).toEqual([args.join(' '), 0, false]);
    return out;
  };
  const json = async (...args: string[]) => JSON.parse(await done(...args, '--json')) as Record<string, unknown>;

  beforeEach(async () => {
    data = await bootstrapData();
    product = await startProduct({ data });
    nobody = mode === 'against a URL' ? { MCPNEST_URL: product.url } : { MCPNEST_DATA_DIR: data.dir };
    operator = mode === 'against a URL' ? { ...nobody, MCPNEST_API_KEY: data.apiKey } : nobody;
  });
  afterEach(async () => {
    await product[Symbol.asyncDispose]();
    data[Symbol.dispose]();
  });

  it('[GW-19] invites a person, who accepts, issues a token of their own and calls with it', async () => {
    await done('team', 'create', 'Payments');
    const invited = await mcpnest(['invitations', 'create', 'ina@example.com', '--team', 'payments'], operator);
    expect(invited.out).toMatch(/^mni_[0-9a-f]{48}\n$/);
    expect(invited.err).toContain('No e-mail is sent');
    expect(await done('invitation', 'list')).toMatch(/ina@example\.com +member +payments +open/);

    const wrong = await mcpnest(['invitation', 'accept'], nobody, `mni_${'0'.repeat(48)}`);
    expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('not valid')]);
    expect((await mcpnest(['invitation', 'accept'], nobody, 'mng_x')).code).toBe(2);
    const accepted = await mcpnest(['invitation', 'accept', '--name', 'Ina'], nobody, invited.out);
    expect(accepted.out).toMatch(/^mnk_[0-9a-f]{48}\n$/);
    expect((await mcpnest(['invitation', 'accept'], nobody, invited.out)).code).toBe(3);

    const ina = { MCPNEST_URL: product.url, MCPNEST_API_KEY: accepted.out.trim() };
    const workspace = ['--workspace', data.workspace];
    const issued = await mcpnest(['token', 'issue', '--mine', '--label', 'laptop', ...workspace], ina);
    expect([issued.code, issued.out]).toEqual([0, expect.stringMatching(/^mng_[0-9a-f]{48}\n$/)]);
    const token = issued.out.trim();
    const status = async () => (await product.rpc({ jsonrpc: '2.0', id: 1, method: 'ping' }, { token })).status;
    await expect.poll(status).toBe(200);
    expect((await mcpnest(['tokens', 'list', ...workspace], ina)).out).toMatch(/laptop +member/);
    expect((await mcpnest(['token', 'issue', '--label', 'x', ...workspace], ina)).code).toBe(3);
    expect((await mcpnest(['team', 'show', 'payments', ...workspace], ina)).out).toMatch(
      /ina@example\.com +Ina +member/,
    );
    await done('members', 'remove', 'ina@example.com', '--yes');
    await expect.poll(status, { timeout: 2_000 }).toBe(401);
  });

  it('[L2-09] keeps teams', async () => {
    expect(await json('team', 'create', 'Ops', '--slug', 'ops')).toMatchObject({ slug: 'ops', name: 'Ops' });
    await done('member', 'add', 'cy@example.com');
    await done('team', 'add-member', 'ops', 'cy@example.com');
    expect(await json('team', 'show', 'ops')).toMatchObject({ members: [{ email: 'cy@example.com' }] });
    expect(await done('team', 'rename', 'ops', 'Operations')).toContain('Operations');
    expect(await done('teams', 'list')).toMatch(/ops +Operations +1/);
    await done('team', 'remove-member', 'ops', 'cy@example.com');
    expect((await mcpnest(['team', 'remove', 'ops'], operator)).code).toBe(2);
    await done('team', 'remove', 'ops', '--yes');
    expect(await json('team', 'list')).toEqual({ items: [] });
  });

  it('[TOK-11] keeps machines and their tokens', async () => {
    await done('member', 'add', 'cy@example.com');
    expect(await json('machine', 'create', 'ci', '--owner', 'cy@example.com')).toMatchObject({ state: 'active' });
    expect(await done('token', 'issue', '--machine', 'ci', '--label', 'runner')).toMatch(/^mng_[0-9a-f]{48}\n$/);
    const both = ['token', 'issue', '--machine', 'ci', '--mine', '--label', 'x'];
    expect((await mcpnest(both, operator)).code).toBe(2);
    expect(await json('machine', 'disable', 'ci')).toMatchObject({ state: 'disabled' });
    expect(await json('machine', 'enable', 'ci')).toMatchObject({ state: 'active' });
    await done('member', 'remove', 'cy@example.com', '--yes');
    expect(await done('machines', 'list')).toMatch(/ci +suspended +cy@example\.com/);
    expect(await json('machine', 'owner', 'ci', 'owner@example.com')).toMatchObject({ state: 'active' });
    expect(await json('machine', 'rename', 'ci', 'build')).toMatchObject({ name: 'build' });
    expect(await done('machine', 'show', 'build')).toContain('owner@example.com');
    await done('machine', 'remove', 'build', '--yes');
    expect((await mcpnest(['machine', 'show', 'build'], operator)).code).toBe(2);
  });

  it('[NEW-11] gets people into the console and out of it', async () => {
    const email = 'owner@example.com';
    const link = await done('people', 'reset-link', email);
    expect(link).toMatch(/^http:\/\/localhost:\d+\/password-reset#k=[\w-]{43}\n$/);
    const signedIn = await fetch(`${product.url}/api/v1/password-reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: link.trim().split('#k=')[1], password: 'a long and private one' }),
    });
    expect(signedIn.status).toBe(201);
    expect(await done('session', 'list', email)).toMatch(/127\.0\.0\.1 +Unknown browser +reset/);
    const setup = await mcpnest(['setup', 'link'], operator);
    expect([setup.code, setup.out]).toEqual([mode === 'against a URL' ? 2 : 5, '']);
    expect(await done('session', 'revoke', email, '--yes')).toBe('1 ended.\n');
    expect(await json('session', 'list', email)).toEqual({ items: [] });
    expect((await mcpnest(['people', 'reset-link', 'nobody@example.com'], operator)).code).toBe(4);
  });

  it('[L2-07] revokes an invitation', async () => {
    const { invitation } = (await json('invitation', 'create', 'x@example.com', '--role', 'admin')) as {
      invitation: { id: string };
    };
    await done('invitation', 'revoke', invitation.id, '--yes');
    expect(await json('invitation', 'list')).toMatchObject({ items: [{ state: 'revoked', role: 'admin' }] });
    for (const noun of ['member', 'team', 'machine', 'invitation', 'token'])
      expect(await done(noun, '--help')).toContain(`mcpnest ${noun}`);
  });
});
