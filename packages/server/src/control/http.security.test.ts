import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

let kit: Kit;
beforeAll(async () => void (kit = await startKit()));
afterAll(() => kit[Symbol.asyncDispose]());

const collection = '/api/v1/workspaces/acme/servers';
const status = async (response: Promise<Response>) => {
  const { status: code, headers } = await response;
  return [code, headers.get('content-type')];
};
const problem = (code: number) => [code, 'application/problem+json'];

describe('the borders of HTTP', () => {
  it('answers an unknown route with 404 and an unknown method with 405 and Allow', async () => {
    expect(await status(kit.send('GET', '/api/v1/nothing'))).toEqual(problem(404));
    const response = await kit.send('DELETE', collection);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, GET']);
    expect((await kit.send('OPTIONS', collection)).headers.get('access-control-allow-origin')).toBeNull();
    expect((await kit.send('POST', '/docs')).status).toBe(405);
  });

  it.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/json; charset=utf-8', 400],
  ])('answers a body of type %s with %i', async (type, code) => {
    expect(await status(kit.send('POST', collection, { body: '{}', headers: { 'content-type': type } }))).toEqual(
      problem(code),
    );
  });

  it('refuses a body beyond 1 MiB, also one that lies about its length', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(1024 * 1024) });
    expect(await status(kit.send('POST', collection, { body: large }))).toEqual(problem(413));
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(100_000))),
    });
    const request = new Request(`http://127.0.0.1:8420${collection}`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { authorization: `Bearer ${kit.ownerKey}`, 'content-type': 'application/json' },
    });
    expect(await status(kit.control.fetch(request))).toEqual(problem(413));
  });

  it.each([
    ['', /JSON/],
    ['{', /JSON/],
    ['{"name":"a","name":"b"}', /JSON/],
    ['{"name":"a\\u0000"}', /JSON/],
    [`${'['.repeat(40)}${']'.repeat(40)}`, /deeper/],
    [JSON.stringify(Array.from({ length: 30_000 }, () => 0)), /values/],
    ['null', /body/],
    ['[]', /body/],
    ['"text"', /body/],
    ['{"name":1,"url":"https://a.example.com"}', /body\.name/],
    ['{"name":"a","url":"https://a.example.com","__proto__":{"enabled":false}}', /__proto__/],
    ['{"name":"a","url":"https://a.example.com","limits":{"concurrency":0}}', /body\.limits\.concurrency/],
    ['{"name":"a","url":"https://a.example.com","limits":{"concurrency":1.5}}', /body\.limits\.concurrency/],
    ['{"name":"a","url":"https://a.example.com","limits":{"concurrency":1e300}}', /body\.limits\.concurrency/],
  ])('refuses the body %.60s', async (body, said) => {
    const response = await kit.send('POST', collection, { body });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toMatch(said);
  });

  it('refuses path parameters that cannot be names', async () => {
    for (const path of ['..%2f..', '%zz', 'a_b', '%00', 'A', "'%20or%201=1", 'x'.repeat(5000)]) {
      expect(await status(kit.send('GET', `${collection}/${path}`))).toEqual(problem(400));
    }
    expect(await status(kit.send('GET', '/api/v1/workspaces/acme/calls?limit=0'))).toEqual(problem(400));
    expect(await status(kit.send('GET', '/api/v1/workspaces/acme/calls?limit=5&limit=6'))).toEqual(problem(400));
    expect(await status(kit.send('GET', '/api/v1/workspaces/acme/calls?cursor=bm9wZQ'))).toEqual(problem(400));
  });
});

describe('Host and Origin', () => {
  it.each([
    ['127.0.0.1:8420', 200],
    ['localhost:8420', 200],
    ['[::1]:8420', 200],
    ['evil.example.com', 403],
    ['localhost:9999', 403],
    ['127.0.0.1', 403],
    ['localhost.evil.example.com:8420', 403],
  ])('Host %s gives %i', async (host, code) => {
    expect((await kit.send('GET', '/api/v1/instance', { headers: { host } })).status).toBe(code);
    expect((await kit.send('GET', '/docs', { headers: { host } })).status).toBe(code);
  });

  it.each([
    ['http://127.0.0.1:8420', 200],
    ['http://localhost:8420', 200],
    ['https://evil.example.com', 403],
    ['http://127.0.0.1:9999', 403],
    ['null', 403],
  ])('Origin %s gives %i', async (origin, code) => {
    const response = await kit.send('GET', '/api/v1/instance', { headers: { origin } });
    expect(response.status).toBe(code);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('pages', () => {
  it('serves the documentation as static markup under a policy that allows no script', async () => {
    const response = await kit.send('GET', '/docs', { key: null });
    const page = await response.text();
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'self'",
    );
    expect(page).not.toMatch(/<script|\son\w+=|style="|javascript:|(?:href|src|action)="(?!#|\/docs|\/api)/i);
    const { operations } = await import('@mcpnest/contract/operations');
    for (const noun of Object.values(operations)) {
      for (const operation of Object.values(noun)) expect(page).toContain(`<article id="${operation.id}">`);
    }
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]!);
    expect(links.filter((link) => !page.includes(`id="${link}"`))).toEqual([]);
    const style = await kit.send('GET', '/docs/style.css', { key: null });
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });

  it('escapes what comes from data', async () => {
    const { html } = await import('./docs/html.ts');
    expect(html`<p title="${`"><script>`}">${['<b>', html`<i>${'&'}</i>`]}</p>`.markup).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;<i>&amp;</i></p>',
    );
  });

  it('sends the security headers with every answer', async () => {
    for (const path of ['/', '/docs', '/docs/style.css', '/api/v1/openapi.json', '/api/v1/instance', '/nothing']) {
      const { headers } = await kit.send('GET', path, { key: null });
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff']);
      expect([path, headers.get('content-security-policy')]).toEqual([
        path,
        expect.stringContaining("default-src 'none'"),
      ]);
      expect([path, headers.get('x-request-id')]).toEqual([path, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    }
  });
});
