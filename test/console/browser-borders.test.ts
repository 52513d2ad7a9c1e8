import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

let bench: ConsoleBench;
let evil: Server;
let origin: string;

/** What a page of another origin tries with the session of whoever looks at it. */
const attacks = (url: string, workspace: string): Readonly<Record<string, string>> => ({
  'a form': `<form method=post action="${url}/api/v1/workspaces/${workspace}/machines" enctype="text/plain"><input name='{"name":"forged-form","x":"' value='"}'></form><script>document.forms[0].submit()</script>`,
  'a form that asks to sign out': `<form method=post action="${url}/api/v1/session"></form><script>document.forms[0].submit()</script>`,
  'a plain fetch': `<script>fetch('${url}/api/v1/workspaces/${workspace}/machines',{method:'POST',mode:'no-cors',credentials:'include',headers:{'content-type':'text/plain'},body:'{"name":"forged-fetch"}'})</script>`,
  'a fetch of JSON': `<script>fetch('${url}/api/v1/workspaces/${workspace}/machines',{method:'POST',credentials:'include',headers:{'content-type':'application/json'},body:'{"name":"forged-json"}'})</script>`,
  'a deletion': `<script>fetch('${url}/api/v1/sessions',{method:'DELETE',credentials:'include'})</script>`,
  'a beacon': `<script>navigator.sendBeacon('${url}/api/v1/workspaces/${workspace}/machines',new Blob(['{"name":"forged-beacon"}'],{type:'text/plain'}))</script>`,
});

beforeAll(async () => {
  bench = await startConsoleBench();
  const { url, workspace } = bench.product;
  const pages = Object.values(attacks(url, workspace));
  evil = createServer((request, response) => {
    const path = request.url ?? '/';
    response.writeHead(200, { 'content-type': 'text/html' });
    if (path === '/frame') return void response.end(`<iframe src="${url}/sign-in"></iframe>`);
    if (path === '/opener') return void response.end(`<script>window.w=open('${url}/account')</script>`);
    response.end(pages[Number(path.slice(1))] ?? '');
  });
  await once(evil.listen(0, '127.0.0.1'), 'listening');
  // Another host name, and so another site: what is same-site between ports of one host would help the attacker.
  origin = `http://localhost:${(evil.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  evil.closeAllConnections();
  evil.close();
});

describe('a page of another site', () => {
  it('changes nothing with the session of whoever looks at it', async () => {
    const { url, workspace, client } = bench.product;
    await using opened = await bench.open();
    const { page } = opened;
    for (const [index, name] of Object.keys(attacks(url, workspace)).entries()) {
      await page.goto(`${origin}/${index}`);
      await page.waitForLoadState('networkidle');
      const { items } = await client.machines.list({ params: { workspace } });
      expect(
        items.map((machine) => machine.name),
        name,
      ).toEqual([]);
    }
    await opened.visit('/account');
    await page.getByRole('heading', { name: 'Account' }).waitFor();
  });

  it('cannot put the console into a frame', async () => {
    await using opened = await bench.open();
    await opened.page.goto(`${origin}/frame`);
    await opened.page.waitForLoadState('networkidle');
    const [, frame] = opened.page.frames();
    expect(await frame?.getByRole('button', { name: 'Sign in' }).count()).toBe(0);
    expect(frame?.url()).toMatch(/^chrome-error:/);
  });

  it('has no hold of a window of the console that it opened', async () => {
    await using opened = await bench.open();
    const { page } = opened;
    await page.goto(origin);
    await page.goto(`${origin}/opener`);
    await page.waitForLoadState('networkidle');
    const reach = await page.evaluate(() => {
      const { w } = globalThis as unknown as { w: Window | null };
      return w === null || w.closed ? 'cut' : 'held';
    });
    expect(reach).toBe('cut');
  });
});

describe('the session', () => {
  it('is a cookie that no script reads and no other site sends', async () => {
    await using opened = await bench.open();
    const cookies = await opened.page.context().cookies(bench.product.url);
    expect(cookies.length).toBe(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: expect.stringMatching(/^(Strict|Lax)$/), path: '/' });
    await opened.visit('/account');
    expect(await opened.page.evaluate(() => document.cookie)).toBe('');
    expect(
      await opened.page.evaluate(() => [localStorage, sessionStorage].flatMap((store) => Object.values(store)).join()),
    ).not.toMatch(/mn[a-z]_|whsec_/);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:globalThis.executed=1',
    'data:text/html,x',
    '/%09/evil.example',
  ])('leads nowhere else after signing in: %s', async (wanted) => {
    await using opened = await bench.open({ as: null });
    const { page, faults, visit } = opened;
    const { email, password } = bench.people.cy;
    await visit(`/sign-in?return=${encodeURIComponent(wanted)}`);
    await page.getByRole('textbox', { name: /email/i }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    expect(new URL(page.url()).origin).toBe(bench.product.url);
    expect(await page.evaluate(() => 'executed' in globalThis)).toBe(false);
    expect(faults).toEqual([]);
  });
});
