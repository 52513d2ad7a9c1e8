import { afterAll, beforeAll, expect, it } from 'vitest';
import { axe, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

let bench: ConsoleBench;

beforeAll(async () => {
  bench = await startConsoleBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

it('shows the page first on a small screen, and the way elsewhere when it is asked for', async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await page.setViewportSize({ width: 390, height: 844 });
  await visit(`/workspaces/${bench.product.workspace}/access/history`);
  const heading = await page.getByRole('heading', { name: 'Access', level: 1 }).boundingBox();
  expect(heading?.y).toBeLessThan(200);

  // The tab of this page is the last of many, and in sight.
  const tab = await page.getByRole('main').getByRole('link', { name: 'History' }).boundingBox();
  expect((tab?.x ?? 0) + (tab?.width ?? 0)).toBeLessThanOrEqual(390);

  const menu = page.getByRole('button', { name: 'Menu', exact: true });
  const servers = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Servers' });
  expect(await servers.isVisible()).toBe(false);
  await menu.click();
  await servers.waitFor();
  expect(await axe(page)).toEqual([]);
  await servers.click();
  await page.getByRole('heading', { name: 'Servers', level: 1 }).waitFor();
  expect(await servers.isVisible()).toBe(false);
  expect(faults).toEqual([]);
});

it('tells who comes before anybody has set it up where the link is', async () => {
  await using opened = await bench.open({ as: null });
  await opened.visit('/sign-in');
  await opened.page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  // Here there is an owner who can sign in.
  expect(await opened.page.getByText('Nobody has set up this instance yet').count()).toBe(0);
  await opened.page.route('**/api/v1/setup', (route) => route.fulfill({ json: { needed: true } }));
  await opened.visit('/sign-in');
  await opened.page.getByText('mcpnest setup link').waitFor();
  expect(await axe(opened.page)).toEqual([]);
});

it('says at the field what is wrong with it', async () => {
  await using opened = await bench.open({ as: null });
  const { page, visit } = opened;
  await visit('/sign-in');
  await page.getByRole('textbox', { name: 'Email' }).fill('nobody');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('must be an email address', { exact: true }).waitFor();
  expect(await page.getByText('body.').count()).toBe(0);
});
