import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { openConsole } from './console.ts';

const parent = mkdtempSync(join(tmpdir(), 'mcpnest-console-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function makeBuild(name: string, page: string): string {
  const folder = join(parent, name);
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), page);
  writeFileSync(join(folder, 'assets', 'main-1.js'), 'let a = 1;');
  writeFileSync(join(folder, 'assets', 'main-1.js.gz'), gzipSync('let a = 1;'));
  writeFileSync(join(parent, 'secret.js'), 'secret');
  return folder;
}

it('serves the page under a policy that allows our own files and nothing else', async () => {
  const response = openConsole(makeBuild('one', '<p>one</p>')).page()!;
  expect(await response.text()).toBe('<p>one</p>');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const policy = response.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
  expect(policy).not.toContain('unsafe');
});

it('serves assets for ever, compressed for who takes it, and nothing that was not there', async () => {
  const files = openConsole(makeBuild('two', 'x'));
  const get = (accept: string): Response => files.asset('main-1.js', new Headers({ 'accept-encoding': accept }))!;
  expect(get('gzip, br').headers.get('content-encoding')).toBe('gzip');
  expect(get('gzip;q=0').headers.get('content-encoding')).toBeNull();
  expect(await get('').text()).toBe('let a = 1;');
  expect(get('').headers.get('cache-control')).toContain('immutable');
  const etag = get('').headers.get('etag')!;
  expect(files.asset('main-1.js', new Headers({ 'if-none-match': etag }))!.status).toBe(304);
  for (const name of ['../secret.js', '../../secret.js', 'main-1.js.gz', '__proto__', 'constructor', ''])
    expect(files.asset(name, new Headers())).toBeUndefined();
});

it('is not there until it is built, and a newer build takes its place', async () => {
  const folder = join(parent, 'three');
  const files = openConsole(folder);
  expect(files.page()).toBeUndefined();
  makeBuild('three', 'first');
  expect(await files.page()!.text()).toBe('first');
  renameSync(folder, `${folder}-old`);
  expect(await files.page()!.text()).toBe('first');
});
