import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';
import { axe, clientOf, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let here: string;
let params: { workspace: string };
let everythingUrl: string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  everythingUrl = stack.use(await startEverything()).url;
  params = { workspace: bench.product.workspace };
  here = `/workspaces/${params.workspace}`;
}, 60_000);
afterAll(() => stack.disposeAsync());

describe('the first server', () => {
  it('[NEW-07][GW-19] is one that a client has, or an address that an owner opens; its tools arrive with their class', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${here}/first-run`);
    await page.getByText('This process did not start the demo').waitFor();
    await page.getByRole('radio', { name: /What I have/ }).click();
    await page.getByRole('button', { name: 'Paste or choose a configuration' }).click();
    const dialog = page.getByRole('dialog');
    const secret = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    const tracker = { url: everythingUrl, headers: { Authorization: `Bearer ${secret}` } };
    await dialog.getByRole('textbox').fill(JSON.stringify({ mcpServers: { everything: tracker } }));
    await dialog.getByRole('button', { name: 'Read it' }).click();
    await dialog.getByText('Authorization: Bearer ghp_…2345').waitFor();
    await dialog.getByRole('button', { name: 'Add 1 server' }).click();
    await dialog.getByText('Added').waitFor();
    expect(await page.content()).not.toContain(secret);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: /127\.0\.0\.1:/ }).click();
    await page.getByText('echo', { exact: true }).waitFor({ timeout: 15_000 });
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'first-run-server');
    await page.getByRole('link', { name: 'Go on' }).click();
    await page.getByRole('tab', { name: 'Claude Code' }).waitFor();
    expect(faults).toEqual([]);
  }, 30_000);

  it('is begun strictly with one press, and undone with another', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`${here}/first-run?step=server`);
    await page.getByRole('radio', { name: /Strict/ }).click();
    await page.getByRole('button', { name: 'Allow me to call what only reads' }).click();
    await page.getByRole('button', { name: 'Allow me to call what only reads' }).waitFor({ state: 'hidden' });
    const { items } = await bench.product.client.rules.list({ params });
    expect(items.map(({ subject, object }) => [subject, object])).toEqual([['member:owner@example.com', '*:@read']]);
    await page.getByRole('button', { name: 'Undo' }).click();
    const preset = async () => (await bench.product.client.workspaces.show({ params })).settings.access.preset;
    await expect.poll(preset).toBe('open');
  });

  it('is not a member’s to add, who reads why', async () => {
    await using opened = await bench.open({ as: 'cy' });
    await opened.visit(`${here}/first-run?step=server`);
    await opened.page.getByText('Servers are added by admins and owners').waitFor();
    expect(await opened.page.getByRole('button', { name: 'Add the server' }).count()).toBe(0);
    expect(opened.faults).toEqual([]);
  });
});

describe('connecting a client', () => {
  it('[GW-02] shows each client its way, for the workspace or one server, by keyboard too', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    await visit(`${here}/connect?server=everything&client=cursor`);
    const config = page.getByRole('region', { name: 'By its configuration' });
    await expect.poll(() => config.innerText()).toContain(`${bench.product.gateway('everything')}"`);
    const link = page.getByRole('link', { name: 'Add to Cursor' });
    expect(await link.getAttribute('href')).toMatch(/^cursor:\/\/anysphere/);
    await page.getByRole('tab', { name: 'Cursor' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL('**client=vscode**');
    await page.getByRole('tab', { name: 'claude.ai' }).click();
    await page.getByText('It takes no gateway token yet').waitFor();
    expect(await page.getByRole('button', { name: /Make a token/ }).count()).toBe(0);
    await page.getByRole('tab', { name: 'Codex CLI' }).click();
    await page.getByRole('button', { name: 'Make a token for Codex CLI' }).click();
    await expect.poll(() => config.innerText()).toContain('bearer_token_env_var');
    const { items } = await clientOf(bench, bench.people.cy).tokens.list({ params });
    expect(items.map(({ label, kind, scope }) => [label, kind, scope])).toEqual([
      ['Codex CLI', 'member', ['everything']],
    ]);
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'connect');
    expect(faults).toEqual([]);
  });

  it('[GW-09] shows which clients have come and whose tools are stale', async () => {
    const clientInfo = { 'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '2.1.0' } };
    await bench.product.modern('tools/list', {}, { meta: clientInfo });
    await using opened = await bench.open();
    const { page, visit } = opened;
    const row = page.getByRole('row', { name: /claude-code 2\.1\.0/ });
    await expect
      .poll(async () => (await bench.product.client.connections.list({ params })).items[0]?.client, { timeout: 5_000 })
      .toBe('claude-code');
    await visit(`${here}/connect`);
    await row.getByText('Current').waitFor();
    const echo = stack.use(await startEchoUpstream({ tools: ['another'] }));
    await bench.product.addServer({ slug: 'echo', url: echo.url });
    await expect
      .poll(async () => (await bench.product.client.connections.list({ params })).items[0]?.staleSince, {
        timeout: 10_000,
      })
      .not.toBeNull();
    await page.reload();
    await row.getByText('Stale since').waitFor();
  }, 30_000);
});

describe('Home', () => {
  it('[VIS-02] says how the workspace fares, what needs somebody, and what is good to have', async () => {
    for (let n = 0; n < 3; n++) await bench.product.call('echo', { message: 'x' });
    await bench.product.call('no-such-tool');
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    const calls = async () => (await bench.product.client.statistics.overview({ params })).calls.calls;
    await expect.poll(calls, { timeout: 10_000 }).toBeGreaterThan(0);
    await visit(here);
    await page.getByText(/servers are well|was not asked yet|were not asked yet/).waitFor();
    await page.getByText('Calls by hour as a table').waitFor();
    await page.getByRole('link', { name: 'Publish checkpoints' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'home');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('heading', { name: 'Good to have' }).waitFor({ state: 'hidden' });
    await page.reload();
    await page.getByRole('heading', { name: 'Needs somebody' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Good to have' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Insights' }).click();
    await page.getByText('The same as a table').click();
    await page.getByRole('rowheader', { name: 'In no team' }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'insights');
    expect(faults).toEqual([]);
  }, 30_000);

  it('shows a member their own, and why there is no more', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    await visit(here);
    await page.getByText('Your calls this month').waitFor();
    expect(await page.getByRole('link', { name: 'Insights' }).count()).toBe(0);
    await visit(`${here}/insights`);
    await page.getByText('Insights are for admins and owners').waitFor();
    expect(faults).toEqual([]);
  });

  it('says what is wrong when it cannot be read, and reads it again', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await page.route('**/stats/series?**', (route) => route.abort());
    await visit(here);
    const alert = page.getByRole('alert');
    await alert.getByText('MCPNest cannot be reached').waitFor({ timeout: 15_000 });
    await page.unroute('**/stats/series?**');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await alert.waitFor({ state: 'hidden' });
  }, 30_000);
});
