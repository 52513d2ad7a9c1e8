import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openParts, until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { axe, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench, OpenPage } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let here: string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  here = `/workspaces/${bench.product.workspace}`;
  const upstream = stack.use(await startEchoUpstream({ tools: ['look'] }));
  await bench.product.addServer({ slug: 'echo', url: upstream.url });
}, 60_000);
afterAll(() => stack.disposeAsync());

/** Names of the parts an area offers. */
async function tabsOf(page: Page, area: string): Promise<string[]> {
  await page.getByRole('heading', { level: 1, name: area, exact: true }).waitFor();
  return page.getByRole('main').getByRole('navigation', { name: area, exact: true }).getByRole('link').allInnerTexts();
}

/** Put all sign-ins so far into the past. */
async function ageSignIns(): Promise<void> {
  await using parts = await openParts(bench.product.dataDir);
  const past = new Date(Date.now() - 11 * 60_000).toISOString();
  await parts.database.db.updateTable('console_sessions').set({ created_at: past }).execute();
}

describe('a member', () => {
  it('[GW-02][AUD-10] sees the first call of their client as it happens, and its record', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    await visit(`${here}/connect`);
    await page.getByRole('tab', { name: 'Claude Code' }).click();
    await page.getByRole('button', { name: 'Make a token for Claude Code' }).click();
    // Shown with a placeholder until the token is made.
    const config = page.getByRole('region', { name: 'By its configuration' }).getByText(/mng_[0-9a-f]{16}/);
    const token = /mng_[0-9a-f]+/.exec(await config.innerText())![0];
    const clientInfo = { 'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '2.1.0' } };
    await bench.product.modern('tools/list', {}, { token, meta: clientInfo });
    await page.getByText('Waiting for its first call').waitFor();
    // Somebody else’s call is not theirs to see.
    await bench.product.call('look', {});
    await bench.product.modern('tools/call', { name: 'look', arguments: {} }, { token, meta: clientInfo });
    await page.getByText(/First call: echo\.look, .*, ok/).waitFor();
    await screenshot(page, 'connect-member');
    await page.getByRole('link', { name: 'Its record' }).click();
    await page.getByRole('heading', { name: 'Call of look', level: 1 }).waitFor();
    await page.getByText(/called look/).waitFor();
    expect(faults).toEqual([]);
  }, 30_000);

  it('is offered the parts that are open to members, and told of the others where a link leads to them', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    const menu = page.getByRole('navigation', { name: 'Main' });
    await visit(here);
    await menu.getByRole('link', { name: 'Access' }).click();
    await page.waitForURL('**/access/teams');
    expect(await tabsOf(page, 'Access')).toEqual(['Teams', 'Machines', 'Tokens', 'Test', 'Requests']);
    expect(await menu.getByRole('link', { name: 'Access' }).getAttribute('aria-current')).toBe('page');
    await menu.getByRole('link', { name: 'Activity' }).click();
    await page.waitForURL('**/activity/timelines**');
    expect(await tabsOf(page, 'Activity')).toEqual(['Timelines', 'Clients', 'Usage']);
    await menu.getByRole('link', { name: 'Settings' }).click();
    await page.getByText('Changing the settings takes the role owner').waitFor();
    expect(await tabsOf(page, 'Settings')).toEqual([]);
    expect(await axe(page)).toEqual([]);
    for (const [path, says] of [
      ['/access', 'Only admins and owners see who belongs to this workspace'],
      ['/access/rules', 'Only admins and owners see'],
      ['/activity/proof', 'Only admins and owners read the records of everybody'],
      ['/settings/webhooks', 'This takes the role admin in this workspace'],
    ]) {
      await visit(`${here}${path}`);
      await page.getByText(says).waitFor();
    }
    expect(faults).toEqual([]);
  }, 30_000);
});

it('names every page by its area or thing, and the window by what of it is shown', async () => {
  await using opened = await bench.open();
  const { page, visit } = opened;
  const named: Readonly<Record<string, readonly [heading: string, title: string]>> = {
    [`${here}/servers`]: ['Servers', 'Connected · Servers'],
    [`${here}/hosted`]: ['Servers', 'Hosted · Servers'],
    [`${here}/servers/echo/tools`]: ['echo', 'Tools · echo'],
    [`${here}/access/matrix`]: ['Access', 'Matrix · Access'],
    [`${here}/approvals/history`]: ['Approvals', 'History · Approvals'],
    [`${here}/activity`]: ['Activity', 'Calls · Activity'],
    [`${here}/settings/records`]: ['Settings', 'Records · Settings'],
    '/instance/network': ['Instance', 'Addresses · Instance'],
    '/account': ['Your account', 'Your account'],
  };
  const found: Record<string, readonly [string, string]> = {};
  for (const [path, [heading]] of Object.entries(named)) {
    await visit(path);
    const title = page.getByRole('heading', { level: 1, name: heading, exact: true });
    await title.waitFor();
    found[path] = [await title.innerText(), (await page.title()).replace(/ · MCPNest$/, '')];
  }
  expect(found).toEqual(named);
}, 30_000);

it('says each fault of a form once, at its field, and leads there', async () => {
  await using opened = await bench.open({ as: 'cy' });
  const { page, visit, faults } = opened;
  await visit('/account');
  const current = page.getByLabel('Current password');
  await current.fill('not the one');
  await page.getByLabel('New password').fill('another that nobody knows');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('is not your present password').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  expect(await current.evaluate((field) => field === document.activeElement)).toBe(true);
  await screenshot(page, 'form-fault');
  await current.fill(bench.people.cy.password);
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('must have at least 12 characters').waitFor();
  expect(await page.getByText(/12 characters/).count()).toBe(2);
  expect(await page.getByLabel('New password').evaluate((field) => field === document.activeElement)).toBe(true);
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
});

describe('[NEW-11] what outlives a session', () => {
  const again = (page: Page) => page.getByRole('dialog', { name: 'Sign in again' });

  it('is made after signing in again, and goes on by itself', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit('/instance/keys');
    await ageSignIns();
    await page.getByRole('button', { name: 'Issue a key' }).click();
    await page.getByLabel('What for').fill('ci');
    await page.getByRole('dialog').getByRole('button', { name: 'Issue a key' }).click();
    const asked = again(page);
    await asked.getByLabel(/^Password of owner@/).fill('a guess');
    await asked.getByRole('button', { name: 'Sign in and go on' }).click();
    await asked.getByText('is not your password').waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'sign-in-again');
    await asked.getByLabel(/^Password of owner@/).fill(bench.people.ada.password);
    await page.keyboard.press('Enter');
    await page
      .getByText(/mnk_[0-9a-f]{48}/)
      .first()
      .waitFor();
    expect(faults).toEqual([]);
  }, 20_000);

  it('is not made where nobody signs in', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    const before = (await bench.product.client.instanceKeys.list()).items.length;
    await visit('/instance/keys');
    await ageSignIns();
    await page.getByRole('button', { name: 'Issue a key' }).click();
    await page.getByLabel('What for').fill('thief');
    await page.getByRole('dialog').getByRole('button', { name: 'Issue a key' }).click();
    await again(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByText('You signed in more than ten minutes ago').waitFor();
    expect((await bench.product.client.instanceKeys.list()).items).toHaveLength(before);
  }, 20_000);

  it('is a passkey, too, which then serves for the next time', async () => {
    await using opened = await atLocalhost();
    const { page } = opened;
    await ageSignIns();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    const form = page.getByRole('dialog', { name: 'Add a passkey' });
    await form.getByLabel('Name of the passkey').fill('Laptop');
    await form.getByRole('button', { name: 'Add a passkey' }).click();
    await again(page)
      .getByLabel(/^Password of bo@/)
      .fill(bench.people.bo.password);
    await page.keyboard.press('Enter');
    const row = page.getByRole('listitem').filter({ hasText: 'Laptop' });
    await row.waitFor();
    await ageSignIns();
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await again(page).getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('You have no passkey yet.').waitFor();
    const { items } = await bench.product.client.auditEvents.listAll({ query: { action: 'session.create' } });
    expect(items[0]).toMatchObject({ actorEmail: 'bo@example.com', detail: { auth_method: 'passkey' } });
  }, 30_000);
});

/** Bo on the page of their account, at the name to which passkeys can belong, with a device that has them. */
async function atLocalhost(): Promise<OpenPage> {
  const opened = await bench.open({ as: null });
  const { page } = opened;
  const device = await page.context().newCDPSession(page);
  await device.send('WebAuthn.enable');
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  await page.goto(`${bench.product.url.replace('127.0.0.1', 'localhost')}/sign-in?return=/account`);
  await page.getByLabel('Email').fill(bench.people.bo.email);
  await page.getByLabel('Password', { exact: true }).fill(bench.people.bo.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await until('they are signed in', async () => page.getByRole('heading', { name: 'Your account' }).isVisible());
  return opened;
}
