import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { axe, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let params: { workspace: string };
let token: string;
let home: string;

const inputSchema = { type: 'object', properties: { repo: { type: 'string' } } };
const call = (tool: string) => bench.product.call(tool, { repo: 'Kronjuwelen' }, { token });

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  const { product, people } = bench;
  const tools = ['look', 'drop'].map((name) => ({ name, inputSchema }));
  const upstream = stack.use(await startEchoUpstream({ era: 'both', tools }));
  params = { workspace: product.workspace };
  home = `/workspaces/${product.workspace}/activity`;
  await product.addServer({ slug: 'github', url: upstream.url });
  const { items } = await product.client.members.list({ params });
  const memberId = items.find(({ email }) => email === people.cy.email)!.id;
  token = (await product.client.tokens.issue({ params, body: { kind: 'member', memberId, label: 'laptop' } })).secret;
  await until('the token works', async () => (await call('look')).message.result !== undefined);
  const rule = { subject: `member:${people.cy.email}`, object: 'github:drop', effect: 'deny' as const };
  await product.client.rules.create({ params, body: rule });
  await until('drop is refused', async () => (await call('drop')).message.error !== undefined);
  await product.calls();
});
afterAll(() => stack.disposeAsync());

describe('calls', () => {
  it('[AUD-01] are searched by tool and facet, the filters being in the address, and opened', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(home);
    const grid = page.getByRole('grid', { name: 'Calls' });
    await grid
      .getByRole('row', { name: /github · look.*ok/ })
      .first()
      .waitFor();
    await page
      .getByRole('group', { name: 'Outcome' })
      .getByRole('button', { name: /denied/ })
      .click();
    await page.waitForURL('**outcome=denied**');
    await expect.poll(() => grid.getByRole('row', { name: /look/ }).count()).toBe(0);
    await grid
      .getByRole('row', { name: /github · drop.*denied/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Take away the filter outcome denied' }).click();
    await page.getByRole('searchbox', { name: 'Tool begins with' }).fill('loo');
    await page.waitForURL('**toolPrefix=loo**');
    await expect.poll(() => grid.getByRole('row', { name: /drop/ }).count()).toBe(0);
    await grid.getByRole('row', { name: /look/ }).first().click();
    await page.getByRole('heading', { name: 'Call of look' }).waitFor();
    await page.getByRole('rowheader', { name: 'repo' }).waitFor();
    await page.goBack();
    await page.waitForURL('**toolPrefix=loo**');
    expect(faults).toEqual([]);
  });

  it('are narrowed to a time by drawing over the chart', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`${home}?range=24h`);
    await page.getByRole('grid', { name: 'Calls' }).waitFor();
    const chart = page.getByRole('region', { name: 'Calls over time' }).locator('svg').first();
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=.*to=/);
    const { searchParams } = new URL(page.url());
    const hours = (Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!)) / 3_600_000;
    expect(hours).toBeGreaterThanOrEqual(6);
    expect(hours).toBeLessThanOrEqual(10);
    await page.getByText('No call yet').waitFor();
    await page.getByRole('button', { name: '7 days' }).click();
    await page.getByRole('row', { name: /look/ }).first().waitFor();
  });

  it('[AUD-01] come by themselves while looked at live, and are held while paused', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(home);
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('Live: waiting for calls').waitFor();
    await call('look');
    const grid = page.getByRole('grid', { name: 'Live' });
    await grid.getByRole('row', { name: /look/ }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await call('drop');
    await page.getByRole('button', { name: 'Show 1 new call' }).click();
    await grid.getByRole('row', { name: /drop/ }).waitFor();
    await screenshot(page, 'activity-live');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('grid', { name: 'Calls' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('[NEW-03][AUD-07] one of them shows its way, why it was refused, no value, and a proof this page checks', async () => {
    const { items } = await bench.product.client.calls.list({ params, query: { outcome: 'denied', limit: 1 } });
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/calls/${items[0].id}`);
    await page.getByText('member:cy@example.com called drop').waitFor();
    await page.getByText('the same answer').waitFor();
    expect(await page.getByText('Kronjuwelen').count()).toBe(0);
    const verify = page.getByRole('button', { name: 'Verify now' });
    await expect
      .poll(
        async () => {
          await verify.click();
          await page
            .getByText(/in the signed log|does not hold|Try again|not sealed|sealed/)
            .first()
            .waitFor();
          return page.getByText(/in the signed log/).count();
        },
        { timeout: 10_000, interval: 500 },
      )
      .toBe(1);
    await screenshot(page, 'activity-call');
    await page.route('**/audit/proofs/**', async (route) => {
      const response = await route.fetch();
      const proof = (await response.json()) as { records: { line: string }[] };
      proof.records[0].line = proof.records[0].line.replace('"tool":"drop"', '"tool":"look"').replace('drop', 'look');
      await route.fulfill({ response, json: proof });
    });
    await verify.click();
    await page.getByText('does not lead to the signed checkpoint').waitFor();
    expect(faults).toEqual([]);
  });
});

describe('what else is on record', () => {
  it('[SH-03] shows the changes of one person with their details', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/changes`);
    await page.getByRole('searchbox', { name: 'Email, or an actor' }).fill(bench.people.ada.email);
    await page.waitForURL('**actor=**');
    await page.getByRole('textbox', { name: 'Action' }).fill('rules.create');
    await page.keyboard.press('Enter');
    await page.waitForURL('**action=rules.create**');
    await page.getByRole('row', { name: /rules.create/ }).click();
    const panel = page.getByRole('dialog', { name: 'rules.create' });
    await panel.getByText('github:drop').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'hidden' });
    await visit(`${home}/changes?actor=nobody@example.com`);
    await page.getByText('No change fits').waitFor();
    expect(faults).toEqual([]);
  });

  it('tells the timeline of a member and of a server, found by name', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/timelines`);
    await page.getByRole('combobox', { name: 'Whose' }).fill('cy@');
    await page.getByRole('option', { name: 'cy@example.com' }).click();
    await page.getByText('laptop').first().waitFor();
    await screenshot(page, 'activity-timeline');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Server' }).click();
    await page.getByRole('combobox', { name: 'Whose' }).fill('gith');
    await page.getByRole('option', { name: 'github' }).click();
    await page.getByText('servers.create').first().waitFor();
    expect(faults).toEqual([]);
  });

  it('lists the clients that have come, with their token and what they know of the tools', async () => {
    await bench.product.modern('tools/list', {}, { token });
    const known = async () => (await bench.product.client.connections.list({ params })).items.length > 0;
    await until('the client is on record', known);
    await using opened = await bench.open();
    await opened.visit(`${home}/clients`);
    await opened.page.getByRole('row', { name: /laptop.*whole workspace/ }).waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('counts use, and saves it as CSV', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/usage`);
    await page
      .getByRole('row', { name: /cy@example.com/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Server' }).click();
    await page.waitForURL('**by=server**');
    await page
      .getByRole('row', { name: /github/ })
      .first()
      .waitFor();
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as CSV' }).click();
    const text = readFileSync(await (await waiting).path(), 'utf8');
    expect(text.split('\r\n')[0]).toBe('period,id,name,calls,failed,denied,bytesIn,bytesOut');
    expect(text).toContain('github');
    expect(faults).toEqual([]);
  });

  it('[AUD-06][SH-03] exports records, an evidence pack and a bundle, and cancels', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/exports`);
    const records = page.getByRole('region', { name: 'Records for other systems' });
    await records.getByRole('radio', { name: /OCSF/ }).click();
    let waiting = page.waitForEvent('download');
    await records.getByRole('button', { name: 'Export' }).click();
    const lines = readFileSync(await (await waiting).path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(JSON.parse(lines[0])).toHaveProperty('class_uid');
    await page.getByText(/Saved mcpnest-acme\.ocsf\.jsonl/).waitFor();
    for (const [name, begin] of [
      ['Evidence pack', 'PK'],
      ['Proof bundle', '{"bundle"'],
    ] as const) {
      waiting = page.waitForEvent('download');
      await page.getByRole('region', { name }).getByRole('button', { name: 'Export' }).click();
      expect(readFileSync(await (await waiting).path(), 'latin1').slice(0, begin.length)).toBe(begin);
    }
    // An answer that never ends: what is cancelled is not saved.
    await page.route('**/audit/export**', () => undefined);
    await records.getByRole('button', { name: 'Export' }).click();
    await records.getByRole('button', { name: 'Cancel' }).click();
    await records.getByText('nothing was saved').waitFor();
    expect(faults).toEqual([]);
  });

  it('[NEW-03] says how far records are sealed and has them checked', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(`${home}/proof`);
    await page.getByText('records come into the log').waitFor();
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.getByText('all as sealed').waitFor();
    await page.getByRole('link', { name: /sealed up to/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it('shows a member their own use and timeline, and of the rest who may see it', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    for (const path of ['', '/changes', '/exports', '/proof']) {
      await visit(home + path);
      await page.getByText('Only admins and owners read the records of everybody').waitFor();
    }
    await visit(`${home}/usage`);
    await page
      .getByRole('row', { name: /cy@example.com/ })
      .first()
      .waitFor();
    await visit(`${home}/timelines`);
    await page.getByText('laptop').first().waitFor();
    expect(faults).toEqual([]);
  });
});
