import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { CatalogueEntry } from '../../packages/server/src/domain/hosted/entry.ts';
import { everythingArgv } from '../bridge.ts';
import { until } from '../harness.ts';
import { createProcessRuntime } from '../process-runtime.ts';
import { axe, axeInBothThemes, clientOf, pictureInBothThemes, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const canary = 'CANARY very secret value';
const entry = (slug: string, name: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  ...{ slug, version: 1, name, description: `The server ${name}, for tests.`, publisher: 'MCPNest', licence: 'MIT' },
  homepage: 'https://example.com',
  state: 'maintained',
  replacedBy: [],
  package: { name: 'x', version: '1.0.0' },
  image: `mcpnest/${slug}`,
  command: everythingArgv,
  variables: [],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [],
  toolClasses: [['echo', 'read']],
  sessions: 'shared',
  personal: false,
  ...more,
});
const variables: CatalogueEntry['variables'] = [
  { key: 'API_SECRET', label: 'Key', type: 'password', required: true, help: 'From the settings of your account.' },
  { key: 'REGION', label: 'Region', type: 'text', required: false, help: 'Where it lives.' },
];
const lastWords = 'console.error("no such key: " + process.env.API_SECRET); process.exit(3)';
const catalogue = [
  entry('everything', 'Everything'),
  entry('notes', 'Notes', { variables, egress: ['api.example.com'] }),
  entry('diary', 'Diary', { personal: true }),
  entry('broken', 'Broken', { variables, command: [process.execPath, '-e', lastWords] }),
  entry('old', 'Old notes', { state: 'archived', replacedBy: ['notes'] }),
];

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let home: string;
const params = { workspace: 'acme' };

beforeAll(async () => {
  const runtime = createProcessRuntime();
  bench = stack.use(
    await startConsoleBench({
      env: { MCPNEST_RUNTIME: 'docker' },
      hosting: { catalogue, openRuntime: async () => runtime },
    }),
  );
  home = `/workspaces/${bench.product.workspace}/hosted`;
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const { image, slug } of catalogue)
    if (slug !== 'old') await bench.product.client.hostedImages.allow({ body: { image, digest } });
});
afterAll(() => stack.disposeAsync());

const instances = async () => (await bench.product.client.hosted.list({ query: params })).items;
const card = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
const deploy = async (slug: string, env: Record<string, string> = {}, client = bench.product.client) =>
  (await client.hosted.deploy({ body: { ...params, slug, env } })).instance_id;
const bound = (personalPerMember: number) =>
  bench.product.client.workspaces.update({ params, body: { settings: { hosting: { personalPerMember } } } });
const runs = (instance: string) =>
  until(
    'it runs',
    async () => (await bench.product.client.hosted.show({ params: { instance } })).state === 'running',
    15_000,
  );

describe('deploying', () => {
  it('[HST-01][HST-04][HST-06] takes one click, shows what the server says, and closes once it is healthy', async () => {
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(home);
    await page.getByText('Hosting is switched off in this workspace').waitFor();
    await page.getByRole('button', { name: 'Switch hosting on' }).click();
    await page.getByText('0 of 3 instances of the plan team').waitFor();
    await card(page, 'Old notes').getByText('mcpnest image build old --allow').waitFor();
    await card(page, 'Old notes').getByText('Archived').waitFor();
    await card(page, 'Old notes').getByRole('button', { name: 'Notes', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Deploy Everything' }).click();
    const console = page.getByRole('dialog', { name: 'Everything is being deployed' });
    await console.getByRole('listitem').filter({ hasText: 'Image' }).first().waitFor();
    await console.getByText('Starting default (STDIO) server').waitFor({ timeout: 15_000 });
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'hosted-deploying');
    await console.waitFor({ state: 'hidden', timeout: 15_000 });
    await page.getByText('Everything runs').waitFor();
    await page.getByRole('row', { name: /Everything.*(Healthy|Running)/ }).waitFor();
    await page.getByText('1 of 3 instances').waitFor();
    expect(await bench.product.toolNames()).toContain('echo');
    expect(faults).toEqual([]);
  }, 40_000);

  it('[HST-02][HST-10] asks for what the server needs, masks it, and never shows it again', async () => {
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(home);
    await page.getByRole('button', { name: 'Deploy Notes' }).click();
    const form = page.getByRole('dialog', { name: 'Deploy Notes' });
    const key = form.getByLabel('Key', { exact: true });
    const send = form.getByRole('button', { name: 'Deploy', exact: true });
    await form.getByText('From the settings of your account.').waitFor();
    expect(await key.getAttribute('type')).toBe('password');
    expect(await send.isDisabled()).toBe(true);
    await form.getByRole('textbox', { name: 'Region' }).fill('eu');
    expect(await send.isDisabled()).toBe(true);
    await key.fill(canary);
    await screenshot(page, 'hosted-form');
    expect(await axe(page)).toEqual([]);
    await send.click();
    await page.getByRole('dialog', { name: 'Notes is being deployed' }).waitFor();
    await page.getByRole('row', { name: /Notes.*(Healthy|Running)/ }).waitFor({ timeout: 15_000 });
    await page.getByRole('button', { name: 'Deploy Notes' }).click();
    expect(await key.inputValue()).toBe('');
    await page.keyboard.press('Escape');
    const notes = (await instances()).find(({ slug }) => slug === 'notes')!;
    await visit(`${home}/${notes.instance_id}`);
    await page.getByText('API_SECRET, REGION').waitFor();
    expect(await page.content()).not.toContain('CANARY');
    expect(faults).toEqual([]);
    await bench.product.client.hosted.terminate({ params: { instance: notes.instance_id } });
  }, 40_000);

  it('[HST-15] stays open when the server does not start, with its last words and a way on', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(home);
    await page.getByRole('button', { name: 'Deploy Broken' }).click();
    const form = page.getByRole('dialog', { name: 'Deploy Broken' });
    await form.getByLabel('Key', { exact: true }).fill(canary);
    await form.getByRole('button', { name: 'Deploy', exact: true }).click();
    const console = page.getByRole('dialog', { name: 'Broken is being deployed' });
    const trouble = console.getByRole('status').or(console.getByRole('alert'));
    await trouble.getByText('no such key: [API_SECRET]').waitFor({ timeout: 15_000 });
    await screenshot(page, 'hosted-failed');
    expect(await axe(page)).toEqual([]);
    await console.getByRole('button', { name: 'End it and enter other values' }).click();
    await form.waitFor();
    expect(await form.getByLabel('Key', { exact: true }).inputValue()).toBe('');
    expect((await instances()).map(({ slug }) => slug)).toEqual(['everything']);
  }, 40_000);

  it('[HST-09] says when the plan is used up, and offers nothing then', async () => {
    const made = [await deploy('everything'), await deploy('everything')];
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(home);
    await page.getByText('The plan is used up').waitFor();
    await page.getByText('3 of 3 instances').waitFor();
    expect(await page.getByRole('button', { name: /^Deploy / }).count()).toBe(0);
    for (const instance of made) await bench.product.client.hosted.terminate({ params: { instance } });
  });

  it('[HST-09] lets an owner say how many instances of their own a member may have', async () => {
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(`${home}?open=hosting`);
    const dialog = page.getByRole('dialog', { name: 'Hosting in this workspace' });
    const most = dialog.getByRole('textbox', { name: 'Personal instances of each member' });
    await expect.poll(() => most.inputValue()).toBe('2');
    await most.fill('21');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Too big').waitFor();
    await most.fill('3');
    const idle = dialog.getByRole('textbox', { name: 'Minutes without a call' });
    await idle.fill('soon');
    await dialog.getByText('is not a number of minutes').waitFor();
    expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await idle.fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const { settings } = await bench.product.client.workspaces.show({ params });
    expect(settings.hosting).toMatchObject({ orchestratorEnabled: true, idleMinutes: null, personalPerMember: 3 });
    expect(faults).toEqual([]);
  });

  it('[HST-01] lets members deploy what is personal, and says who deploys the rest', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, faults, visit } = opened;
    await visit(home);
    await card(page, 'Everything').getByText('An administrator deploys it for the workspace.').waitFor();
    expect(await page.getByRole('button', { name: /^Deploy / }).count()).toBe(1);
    await page.getByRole('button', { name: 'Deploy Diary' }).click();
    await page.getByRole('row', { name: /Diary.*(Healthy|Running)/ }).waitFor({ timeout: 15_000 });
    const [shared, own] = ['everything', 'diary'].map(async (slug) =>
      (await instances()).find((each) => each.slug === slug),
    );
    await visit(`${home}/${(await own)!.instance_id}`);
    await page.getByText('cy@example.com').first().waitFor();
    await page.getByRole('button', { name: 'Terminate' }).waitFor();
    await bound(1);
    await visit(home);
    await card(page, 'Diary').getByText('Personal instances of one member here: 1').waitFor();
    expect(await page.getByRole('button', { name: /^Deploy / }).count()).toBe(0);
    await visit(`${home}/${(await shared)!.instance_id}/log`);
    await page.getByRole('status').getByText('an administrator restarts and ends it').waitFor();
    expect(await page.getByRole('button', { name: 'Terminate' }).count()).toBe(0);
    expect(faults).toEqual([]);
    const mine = clientOf(bench, bench.people.cy);
    await mine.hosted.terminate({ params: { instance: (await own)!.instance_id } });
  }, 40_000);
});

describe('an instance', () => {
  it('[HST-07] its log is followed, searched, held and read on request', async () => {
    const [{ instance_id: id } = { instance_id: '' }] = await instances();
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(`${home}/${id}/log`);
    const log = page.getByRole('region', { name: 'Log of Everything' });
    await log.getByText('Starting default (STDIO) server').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('nowhere to be found');
    await page.getByText('No line has this text.').waitFor();
    await page.waitForURL('**/log?text=**');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('switch', { name: 'Follow' }).click();
    await page.getByText('Not followed').waitFor();
    await page.getByRole('button', { name: 'Last 50 lines' }).click();
    await log.getByText('Starting default (STDIO) server').waitFor();
    expect(await log.getByText('Starting default (STDIO) server').count()).toBe(1);
    expect(faults).toEqual([]);
  });

  it('[HST-04] its log is read every three seconds where no stream can be held open', async () => {
    const [{ instance_id: id } = { instance_id: '' }] = await instances();
    await using opened = await bench.open();
    const { page, visit } = opened;
    await page.route('**/logs/follow', (route) => route.abort());
    await visit(`${home}/${id}/log`);
    await page.getByText('Read every 3 seconds').waitFor();
    await page.getByText('Starting default (STDIO) server').waitFor();
  });

  it('[HST-08] is restarted at once, and ends only after its name was typed', async () => {
    const id = await deploy('everything');
    await runs(id);
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(`${home}/${id}`);
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByText('Everything is started anew').waitFor();
    const { server } = (await instances()).find(({ instance_id }) => instance_id === id)!;
    await page.getByRole('button', { name: 'Terminate' }).click();
    const question = page.getByRole('dialog', { name: 'Terminate Everything?' });
    await question.getByText('Nobody has called it in the last day.').waitFor();
    const end = question.getByRole('button', { name: 'Terminate' });
    expect(await end.isDisabled()).toBe(true);
    await question.getByRole('textbox').fill(server);
    await end.click();
    await page.getByText('Everything is terminated').waitFor();
    await page.waitForURL(`**${home}`);
    expect((await instances()).some(({ instance_id }) => instance_id === id)).toBe(false);
    await visit(`${home}/${id}`);
    await page.getByRole('alert').waitFor();
    expect(faults).toEqual([]);
  }, 30_000);
});

it('is clean by axe in both themes and fits a narrow window', async () => {
  const [{ instance_id: id } = { instance_id: '' }] = await instances();
  await using opened = await bench.open();
  const { page, faults, visit } = opened;
  for (const [name, path] of [
    ['list', ''],
    ['one', `/${id}`],
    ['log', `/${id}/log`],
    ['settings', '?open=hosting'],
  ] as const) {
    await page.setViewportSize({ width: 1360, height: 860 });
    await visit(home + path);
    await page
      .getByText(name === 'settings' ? 'Servers may run here' : 'Everything')
      .first()
      .waitFor();
    await pictureInBothThemes(page, `hosted-${name}`);
    expect([path, await axeInBothThemes(page)]).toEqual([path, []]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect([path, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([path, 360]);
    await pictureInBothThemes(page, `hosted-narrow-${name}`);
  }
  expect(faults).toEqual([]);
}, 30_000);
