import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

let bench: ConsoleBench;

beforeAll(async () => {
  bench = await startConsoleBench();
  const { client, workspace } = bench.product;
  for (const [name, prefix] of [
    ['GitHub', 'gh'],
    ['Grafana', 'grafana'],
    ['Context7', 'docs'],
  ] as const) {
    await client.servers.create({
      params: { workspace },
      body: { name, prefix, url: `https://${name.toLowerCase()}.example.com/mcp` },
    });
  }
});
afterAll(() => bench[Symbol.asyncDispose]());

describe.each(['light', 'dark'] as const)('every page before the sign-in, in the %s theme', (theme) => {
  it('is clean by axe, asks nobody else and keeps to its policy', async () => {
    await using opened = await bench.open({ theme, as: null });
    const { page, faults, visit } = opened;
    const found: string[] = [];
    for (const path of ['/sign-in', '/setup#k=abc', '/invitation#mni_abc', '/password-reset#k=abc', '/nowhere']) {
      await visit(path);
      await screenshot(page, `${path.replaceAll(/[^a-z-]/g, '-').slice(1)}-${theme}`);
      for (const finding of await axe(page)) found.push(`${path} ${finding}`);
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
  }, 60_000);
});

it('paints in the chosen theme from the first frame on', async () => {
  await using opened = await bench.open({ theme: 'light' });
  const { page, visit } = opened;
  await visit('/account');
  await page.getByRole('radio', { name: 'Dark' }).click();
  // The module that draws the page is held back: what is there then was there before it.
  await page.route('**/assets/index-*.js', () => undefined);
  await page.goto(`${bench.product.url}/account`, { waitUntil: 'commit' });
  await page.waitForFunction(() => document.body !== null);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
});

it('leads who is not signed in to the sign-in page and keeps the way back', async () => {
  await using opened = await bench.open({ as: null });
  await opened.page.goto(`${bench.product.url}/workspaces/acme/servers?text=git`);
  await opened.page.waitForURL('**/sign-in?return=**');
  const back = new URL(opened.page.url()).searchParams.get('return');
  expect(back).toBe('/workspaces/acme/servers?text=git');
});

it('takes the secret of a link out of the address at once', async () => {
  await using opened = await bench.open({ as: null });
  await opened.visit('/password-reset#k=3F7Q-secret');
  expect(opened.page.url()).toBe(`${bench.product.url}/password-reset`);
  await opened.page.getByRole('button', { name: 'Save and sign in' }).waitFor();
});

it('shows a member only what a member may see', async () => {
  await using opened = await bench.open({ as: 'cy' });
  await opened.visit(`/workspaces/${bench.product.workspace}/access`);
  await opened.page.getByText('Only admins and owners see').waitFor();
  expect(await opened.page.getByRole('link', { name: 'Instance' }).count()).toBe(0);
  expect(opened.faults).toEqual([]);
});

describe('the keyboard', () => {
  it('opens the palette, finds a server and goes there', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`/workspaces/${bench.product.workspace}`);
    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Search or jump to' });
    await field.waitFor();
    await page.getByRole('option', { name: 'Grafana' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'palette');
    await field.fill('grafa');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/servers/grafana');
    expect(faults).toEqual([]);
  });

  it('goes to areas by two keys, to the search by one, lists itself and closes what is open', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`/workspaces/${bench.product.workspace}`);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL('**/servers');
    await page.getByRole('row', { name: /GitHub/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('gs');
    await page.waitForURL('**/servers?text=gs');
    await page.getByRole('row', { name: /GitHub/ }).waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.getByRole('row', { name: /GitHub/ }).waitFor();
    await page.getByRole('heading', { name: 'Servers' }).click();
    await page.keyboard.press('?');
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await sheet.waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'hidden' });
  });

  it('moves through rows and opens one', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`/workspaces/${bench.product.workspace}/servers`);
    const rows = page.getByRole('row');
    await rows.nth(1).focus();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-rowindex') === '3');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/servers/grafana');
  });
});
