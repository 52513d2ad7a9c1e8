import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, spawnProduct, type Product } from '../harness.ts';

/** Signing in as a browser does it: Debian's Chromium, its cookies, and passkeys of a virtual authenticator. */
let product: Product;
let browser: Browser;
let local: string;
const email = 'owner@example.com';
const password = 'a long and private one';

beforeAll(async () => {
  product = await startProduct();
  local = product.url.replace('127.0.0.1', 'localhost');
  // As root, which tests may be, Chromium starts without its sandbox only.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

/** A page of the server in a browser without a past. */
async function open(url: string): Promise<Page> {
  // The policy of the present pages lets no script fetch anything.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${url}/`);
  return page;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A request made by the page itself, so with what the browser adds to it. */
const ask = (page: Page, method: string, path: string, body?: unknown, csrf?: string): Promise<Answer> =>
  page.evaluate(
    async (given) => {
      const response = await fetch(given.path, {
        method: given.method,
        headers: {
          ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(given.csrf === undefined ? {} : { 'x-csrf-token': given.csrf }),
        },
        ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    },
    { method, path, body, csrf },
  );

async function resetKey(): Promise<string> {
  const { link } = await product.client.people.resetLink({ params: { email } });
  return link.split('#k=')[1]!;
}

it.each(['localhost', '127.0.0.1'])(
  '[NEW-11] the cookie of a session is kept and sent over plain http at %s',
  async (host) => {
    const url = product.url.replace('127.0.0.1', host);
    const page = await open(url);
    expect((await ask(page, 'POST', '/api/v1/password-reset', { key: await resetKey(), password })).status).toBe(201);
    expect(await ask(page, 'GET', '/api/v1/session')).toMatchObject({ status: 200, body: { user: { email } } });
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({
      ...{ name: '__Host-mcpnest-session', path: '/', domain: host },
      ...{ httpOnly: true, secure: true, sameSite: 'Strict' },
    });
    expect(await page.evaluate('document.cookie')).toBe('');
    // The data plane takes tokens and nothing else.
    const listed = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    expect((await ask(page, 'POST', `/api/gw/${product.workspace}`, listed)).status).toBe(401);
    await page.context().close();
  },
);

describe('[NEW-11] a passkey', () => {
  let page: Page;
  let csrf: string;
  let authenticator: CDPSession;
  let authenticatorId: string;
  beforeAll(async () => {
    page = await open(local);
    authenticator = await page.context().newCDPSession(page);
    await authenticator.send('WebAuthn.enable');
    ({ authenticatorId } = await authenticator.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    }));
    const signedIn = await ask(page, 'POST', '/api/v1/password-reset', { key: await resetKey(), password });
    csrf = signedIn.body['csrfToken'] as string;
  });
  afterAll(() => page?.context().close());

  const create = async (): Promise<unknown> => {
    const { body: options } = await ask(page, 'POST', '/api/v1/passkeys/options', {}, csrf);
    return page.evaluate(`(async () => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)});
      return (await navigator.credentials.create({ publicKey })).toJSON();
    })()`);
  };
  const get = async (other: object = {}): Promise<{ id: string; response: Record<string, string> }> => {
    const { body: options } = await ask(page, 'POST', '/api/v1/session/passkey-options', {});
    return page.evaluate(`(async () => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify({ ...options, ...other })});
      return (await navigator.credentials.get({ publicKey })).toJSON();
    })()`);
  };

  it('is added by who is signed in, with an answer that is good once', async () => {
    const response = await create();
    const added = await ask(page, 'POST', '/api/v1/passkeys', { name: 'Laptop', response }, csrf);
    expect(added).toMatchObject({ status: 201, body: { name: 'Laptop', lastUsedAt: null } });
    const again = await ask(page, 'POST', '/api/v1/passkeys', { name: 'Again', response }, csrf);
    expect(again).toMatchObject({ status: 401, body: { detail: expect.stringContaining('used already') as string } });
    expect(await ask(page, 'GET', '/api/v1/passkeys')).toMatchObject({ body: { items: [{ name: 'Laptop' }] } });
  });

  it('signs its person in, with an answer that is good once, for nobody else’s challenge and unaltered', async () => {
    expect((await ask(page, 'DELETE', '/api/v1/session', undefined, csrf)).status).toBe(204);
    expect((await ask(page, 'GET', '/api/v1/session')).status).toBe(401);
    const response = await get();
    const signedIn = await ask(page, 'POST', '/api/v1/session/passkey', { response });
    expect(signedIn).toMatchObject({ status: 201, body: { user: { email }, authMethod: 'passkey' } });
    csrf = signedIn.body['csrfToken'] as string;
    expect((await ask(page, 'POST', '/api/v1/session/passkey', { response })).status).toBe(401);

    const other = await get();
    const swapped = { ...other, response: { ...other.response, signature: response.response['signature'] } };
    expect((await ask(page, 'POST', '/api/v1/session/passkey', { response: swapped })).status).toBe(401);
    // A failed try has used the challenge up as well.
    expect((await ask(page, 'POST', '/api/v1/session/passkey', { response: other })).status).toBe(401);
    const [passkey] = (await ask(page, 'GET', '/api/v1/passkeys')).body['items'] as {
      id: string;
      lastUsedAt: string;
    }[];
    expect(passkey!.lastUsedAt).not.toBeNull();
  });

  it('opens nothing for somebody who has found it: its owner must have unlocked it', async () => {
    await authenticator.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    const response = await get({ userVerification: 'discouraged' });
    expect(await ask(page, 'POST', '/api/v1/session/passkey', { response })).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('does not open') as string },
    });
    await authenticator.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
  });

  it('is removed, but not as the last way in', async () => {
    const [passkey] = (await ask(page, 'GET', '/api/v1/passkeys')).body['items'] as { id: string }[];
    const path = `/api/v1/passkeys/${passkey!.id}`;
    expect((await ask(page, 'DELETE', path, undefined, csrf)).status).toBe(204);
    expect((await ask(page, 'DELETE', path, undefined, csrf)).status).toBe(404);
  });

  it('belongs to a name: at an address it is said where to go', async () => {
    const there = await open(product.url);
    expect(await ask(there, 'POST', '/api/v1/session/passkey-options', {})).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining(local) as string },
    });
    await there.context().close();
  });
});

it('[NEW-11] a start says how to finish the set-up until somebody has, and the log does not know', async () => {
  await using spawned = await spawnProduct();
  const said = /Finish setup \(valid 60 min, single use\): (http:\/\/localhost:\d+\/setup#k=([\w-]{43}))\n/.exec(
    spawned.output(),
  );
  expect(said).not.toBeNull();
  const body = { key: said![2]!, email: 'ada@example.com', name: 'Ada', password };
  const headers = { 'content-type': 'application/json' };
  const finish = () => fetch(`${spawned.url}/api/v1/setup`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect((await finish()).status).toBe(201);
  expect((await finish()).status).toBe(401);
  const lines = spawned.output().split('\n');
  expect(lines.filter((line) => line.startsWith('{') && line.includes(said![2]!))).toEqual([]);
});
