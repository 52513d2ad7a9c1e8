import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureConsole } from '../../scripts/console/ensure.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { root } from '../../scripts/lib/tool.ts';
import { nodeEnvironment } from '../node.ts';
import { endChild } from '../upstreams/child.ts';
import { axe, startBrowser } from './harness.ts';
import { watchFaults } from './watch.ts';

let browser: Browser;
beforeAll(async () => {
  await ensureConsole();
  browser = await startBrowser();
}, 60_000);
afterAll(() => browser.close());

/** What `npm start` runs, on an empty data folder. */
async function startEmpty(): Promise<{ setUpLink: string } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-first-'));
  const env = {
    ...nodeEnvironment,
    MCPNEST_DATA_DIR: join(folder, 'data'),
    MCPNEST_PORT: String(await freePort()),
  };
  const child = spawn(process.execPath, [join(root, 'scripts/start.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const setUpLink = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const link = /Finish setup .*?(http\S+#k=\S+)/.exec(said);
      if (link?.[1] !== undefined) resolve(link[1]);
    });
    child.once('exit', () => reject(new Error(`the start ended:\n${said}`)));
  });
  return {
    setUpLink,
    async [Symbol.asyncDispose]() {
      await endChild(child, 20_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ShownConfig {
  readonly mcpServers: Readonly<
    Record<string, { readonly url: string; readonly headers: { readonly Authorization: string } }>
  >;
}

it('[SH-01][GW-02][GW-19] leads from an empty folder to the first call of a real client within a minute', async () => {
  const started = performance.now();
  await using product = await startEmpty();
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1360, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  await watchFaults(page, new URL(product.setUpLink).origin, faults);

  await page.goto(product.setUpLink);
  await page.getByLabel('Email').fill('ada@example.com');
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('Password', { exact: true }).fill('four words that nobody knows');
  await page.getByRole('button', { name: 'Become the owner' }).click();

  // The demo's servers are there already, so only the client is missing.
  await page.getByRole('tab', { name: 'Claude Code' }).click();
  await page.getByRole('button', { name: 'Make a token for Claude Code' }).click();
  await page.getByText('Waiting for your client').waitFor();
  const shown = await page.getByRole('region', { name: 'By its configuration' }).innerText();
  const [{ url, headers }] = Object.values((JSON.parse(shown) as ShownConfig).mcpServers) as [
    ShownConfig['mcpServers'][string],
  ];

  const client = new Client({ name: 'claude-code', version: '2.1.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain('echo');
  await page.getByText('claude-code 2.1.0 connected').waitFor();
  const answer = await client.callTool({ name: 'echo', arguments: { message: 'first' } });
  expect(JSON.stringify(answer.content)).toContain('first');
  await client.close();
  await page.getByText(/First call: everything\.echo, .*, ok/).waitFor();
  expect(await page.getByRole('link', { name: 'Its record' }).getAttribute('href')).toMatch(/\/activity\/calls\/./);
  expect(performance.now() - started).toBeLessThan(60_000);

  // The secret goes when it was copied, and nothing of it comes back with the page.
  const secret = headers.Authorization.slice('Bearer '.length);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  expect(await page.content()).not.toContain(secret);
  await page.reload();
  await page.getByText('Everything is set up').waitFor();
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
}, 90_000);
