import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveKitPage } from './kit/serve.ts';
import type { KitPage } from './kit/serve.ts';

let kit: KitPage;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  kit = await serveKitPage('many-rows');
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(10_000);
});
beforeEach(async () => {
  await page.goto(kit.url);
  await page.getByRole('grid', { name: 'Calls' }).waitFor();
});
afterAll(async () => {
  await browser.close();
  await kit[Symbol.asyncDispose]();
});

/** The texts of a column in the rows that exist, from the first row in sight on. */
const column = (place: number): Promise<string[]> =>
  page.locator(`[role=row][data-index] > :nth-child(${place})`).allTextContents();

const focused = (): Promise<string | undefined> =>
  page.evaluate(() => (document.activeElement instanceof HTMLElement ? document.activeElement.dataset['index'] : ''));

describe('a table of 100,000 rows', () => {
  it('draws those in sight only and says how many there are', async () => {
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('100001');
    expect(await page.getByRole('row').count()).toBeLessThan(40);
    expect((await column(2)).slice(0, 3)).toEqual(['call-0', 'call-1', 'call-2']);
  });

  it('is scrolled to its end without drawing more', async () => {
    await page.getByRole('grid').evaluate((grid) => grid.scrollTo({ top: grid.scrollHeight }));
    await page.getByRole('row', { name: 'call-99999' }).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(40);
  });

  it('sorts by a press on a heading: up, down, as it came', async () => {
    const heading = page.getByRole('columnheader', { name: 'Tool' });
    const press = async (): Promise<readonly [string | null, string[]]> => {
      await heading.getByRole('button').click();
      return [await heading.getAttribute('aria-sort'), (await column(3)).slice(0, 3)];
    };
    expect(await press()).toEqual(['ascending', ['tool0', 'tool1', 'tool2']]);
    expect(await press()).toEqual(['descending', ['tool99999', 'tool99998', 'tool99997']]);
    expect(await press()).toEqual([null, ['tool0', 'tool7919', 'tool15838']]);
    expect(await page.getByRole('columnheader', { name: 'Call' }).getByRole('button').count()).toBe(0);
  });

  it('keeps the order of equals, and one column of order at a time', async () => {
    await page.getByRole('columnheader', { name: 'Tool' }).getByRole('button').click();
    await page
      .getByRole('columnheader', { name: 'Time' })
      .getByRole('button')
      .click({ modifiers: ['Shift'] });
    expect((await column(2)).slice(0, 3)).toEqual(['call-0', 'call-1000', 'call-2000']);
    expect(await page.locator('[aria-sort]').count()).toBe(1);
  });

  it('is walked by keys to both ends, opens and selects where it stands', async () => {
    await page.getByRole('row', { name: 'call-0' }).focus();
    await page.keyboard.press('End');
    await expect.poll(focused).toBe('99999');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByLabel('Opened').textContent()).toBe('call-99999');
    await page.keyboard.press('Space');
    await expect.poll(() => page.getByLabel('Selected', { exact: true }).textContent()).toBe('1');
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe('0');
    await page.getByRole('checkbox', { name: 'Select all' }).click();
    await expect.poll(() => page.getByLabel('Selected', { exact: true }).textContent()).toBe('100000');
  });
});
