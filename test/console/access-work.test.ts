import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { axe, clientOf, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let base: string;
let params: { workspace: string };
let cyId: string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  const { product } = bench;
  params = { workspace: product.workspace };
  base = `/workspaces/${product.workspace}/access`;
  const upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['list_issues', 'create_issue'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  await until('the tools are known', async () => (await product.toolNames()).length === 2);
  const { items } = await product.client.members.list({ params });
  await product.client.rules.create({
    params,
    body: { effect: 'allow', subject: 'member:cy@example.com', object: 'github:list_*' },
  });
  cyId = items.find(({ email }) => email === 'cy@example.com')?.id ?? '';
}, 60_000);
afterAll(() => stack.disposeAsync());

const undo = (page: Page, said: string): Promise<void> =>
  page.getByRole('dialog', { name: said }).getByRole('button', { name: 'Undo' }).click();

it('[L2-02] makes a rule, takes it away and brings it back', async () => {
  await using opened = await bench.open({ as: 'bo' });
  const { page, visit, faults } = opened;
  await visit(`${base}/rules`);
  await page.getByRole('button', { name: 'Add rule' }).click();
  await page.getByRole('combobox', { name: 'Who' }).fill('cy');
  await page.getByRole('option', { name: 'member:cy@example.com' }).click();
  await page.getByRole('textbox', { name: 'What' }).fill('github list');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add rule' }).click();
  await dialog.getByText('must be server:tool').first().waitFor();
  await page.getByRole('textbox', { name: 'What' }).fill('github:get_*');
  await dialog.getByRole('button', { name: 'Add rule' }).click();
  const row = page.getByRole('row', { name: /member:cy@example.com github:get_\*/ });
  await row.click();
  await page.getByRole('dialog', { name: 'Rule' }).getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'hidden' });
  await undo(page, 'The rule was removed');
  await row.waitFor();
  const { items: rules } = await bench.product.client.rules.list({ params });
  expect(rules).toMatchObject([{ object: 'github:list_*' }, { object: 'github:get_*' }]);
  const back = rules.find(({ object }) => object === 'github:get_*');
  await bench.product.client.rules.remove({ params: { ...params, rule: back?.id ?? '' } });
  expect(faults).toEqual([]);
}, 20_000);

it('[L2-02] edits all rules as a document and shows what would change before it does', async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await visit(`${base}/rules/document`);
  const editor = page.getByRole('textbox', { name: 'Rules document' });
  await editor.waitFor();
  expect(await editor.evaluate((element) => getComputedStyle(element).fontFamily)).toContain('mono');
  const rule = { effect: 'deny', subject: 'everybody', object: 'github:create_issue', absolute: true };
  await editor.fill('{"format": "mcpnest-rules/1", "rules": [');
  await page.getByText('This is no JSON').first().waitFor();
  await editor.fill(JSON.stringify({ format: 'mcpnest-rules/1', rules: [rule] }, null, 2));
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('1 added, 1 removed, 0 changed, 0 as they are').waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Replace the rules' }).click();
  await page.getByRole('row', { name: /deny everybody absolute github:create_issue/ }).waitFor();
  await undo(page, 'The rules were replaced');
  await page.getByText('The rules are as they were').waitFor();
  expect((await bench.product.client.policy.export({ params })).rules).toMatchObject([{ object: 'github:list_*' }]);
  expect(faults).toEqual([]);
}, 20_000);

it('[NEW-10] a member asks for a tool, an admin grants it with an end', async () => {
  await using asking = await bench.open({ as: 'cy' });
  await asking.visit(`${base}/requests`);
  await asking.page.getByRole('button', { name: 'Ask for access' }).click();
  await asking.page.getByRole('textbox', { name: 'What', exact: true }).fill('github:create_issue');
  await asking.page.getByRole('textbox', { name: 'What for' }).fill('Release checklist');
  await asking.page.getByRole('dialog').getByRole('button', { name: 'Ask for access' }).click();
  await asking.page.getByRole('row', { name: /github:create_issue cy@example.com Release checklist Waits/ }).waitFor();
  expect(await asking.page.getByRole('button', { name: 'Grant' }).count()).toBe(0);

  await using opened = await bench.open({ as: 'bo' });
  await opened.visit(`${base}/requests`);
  await opened.page.getByRole('button', { name: 'Grant' }).click();
  await opened.page.getByRole('spinbutton', { name: 'For how many days' }).fill('3');
  await opened.page.getByRole('dialog').getByRole('button', { name: 'Grant' }).click();
  await opened.page.getByRole('row', { name: /create_issue .* Granted/ }).waitFor();
  const { items } = await bench.product.client.rules.list({ params });
  const granted = items.find(({ object }) => object === 'github:create_issue');
  expect(Date.parse(granted?.expiresAt ?? '') - Date.now()).toBeLessThan(3 * 86_400_000 + 1);
  expect([...asking.faults, ...opened.faults]).toEqual([]);
}, 20_000);

it('[NEW-10] the matrix explains a cell with the rule and who can change it; an admin sees what a member sees', async () => {
  await using opened = await bench.open({ as: 'bo' });
  const { page, visit, faults } = opened;
  await visit(`${base}/matrix?server=github`);
  const grid = page.getByRole('grid');
  await grid.getByRole('row', { name: /cy@example.com allowed allowed/ }).waitFor();
  await grid
    .getByRole('row', { name: /cy@example.com/ })
    .getByRole('button')
    .first()
    .focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('dialog', { name: /cy@example.com/ });
  await panel.getByText('bo@example.com').waitFor();
  await panel.getByText('member:cy@example.com', { exact: true }).waitFor();
  expect(await axe(page)).toEqual([]);

  await visit(`${base}/members/${cyId}/view`);
  await page.getByText('You see what cy@example.com sees').waitFor();
  await page.getByRole('row', { name: /list_issues github shown/ }).waitFor();
  expect(faults).toEqual([]);
}, 20_000);

it('[TOK-07][TOK-08] rotates a token with a day of overlap and revokes it once its name is typed', async () => {
  await using opened = await bench.open({ as: 'cy' });
  const { page, visit, faults } = opened;
  const { token } = await clientOf(bench, bench.people.cy).tokens.issue({
    params,
    body: { kind: 'member', label: 'laptop' },
  });
  await visit(`${base}/tokens`);
  await page.getByRole('row', { name: new RegExp(`laptop .* mng_…${token.hint}`) }).click();
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('button', { name: 'Make the new token' }).click();
  const secret = await page.getByRole('region', { name: 'Gateway token' }).innerText();
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.keyboard.press('Escape');
  const old = page.getByRole('row', { name: /Replaced, still works/ });
  await old.click();
  await page.getByRole('button', { name: 'Revoke' }).click();
  const question = page.getByRole('dialog', { name: 'Revoke the token laptop?' });
  expect(await question.getByRole('button', { name: 'Revoke' }).isDisabled()).toBe(true);
  await question.getByRole('textbox').fill('laptop');
  await question.getByRole('button', { name: 'Revoke' }).click();
  await old.waitFor({ state: 'hidden' });
  const { items } = await clientOf(bench, bench.people.cy).tokens.list({ params });
  expect(items.find(({ id }) => id === token.id)?.revokedAt).not.toBeNull();
  const names = () => bench.product.toolNames({ token: secret });
  expect(await names()).toContain('list_issues');
  expect(faults).toEqual([]);
}, 20_000);

it('[L2-07] a member sees their own and is told what is for others; an admin is told who switches enforcement', async () => {
  await using opened = await bench.open({ as: 'cy' });
  for (const part of ['', '/rules', '/security', '/matrix', '/simulation', '/unused', '/history', '/rules/document']) {
    await opened.visit(base + part);
    await opened.page.getByText('Only admins and owners see').waitFor();
  }
  await opened.visit(`${base}/members/${cyId}`);
  await opened.page.getByText('Only admins and owners see').waitFor();
  await opened.visit(`${base}/test?server=github`);
  await opened.page.getByRole('row', { name: /github:list_issues/ }).waitFor();
  expect(opened.faults).toEqual([]);

  await using admin = await bench.open({ as: 'bo' });
  await admin.visit(`${base}/security`);
  await admin.page.getByText('Only an owner changes this. Your role here is admin.').waitFor();
  expect(await admin.page.getByRole('switch').count()).toBe(0);
  expect(admin.faults).toEqual([]);
}, 20_000);

it('[NEW-02][AUD-09] says who could call what now, and hands it over as a file', async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await visit(`${base}/history`);
  await page.getByRole('button', { name: 'Look' }).click();
  await page.getByRole('row', { name: /member:cy@example.com.* github:list_issues allowed/ }).waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  const file = await (await saving).createReadStream();
  const text = (await file.toArray()).join('');
  expect(text).toMatch(/^subject,token,server,tool,/);
  expect(text).toContain('member:cy@example.com');
  expect(faults).toEqual([]);
}, 20_000);

it('invites by a link shown once, stops a member at once and lifts it, removes them once their address is typed', async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await visit(base);
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByRole('textbox', { name: 'Email' }).fill('di@example.com');
  await page.getByRole('button', { name: 'Make the link' }).click();
  expect(await page.getByRole('region', { name: /di@example.com/ }).innerText()).toContain('mni_');
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByRole('region', { name: 'Open invitations' }).getByText('di@example.com').waitFor();

  await page.getByRole('link', { name: 'Cy' }).click();
  await page.getByRole('button', { name: 'Stop at once' }).click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Laptop stolen');
  await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByText(/^Stopped since/).waitFor();
  await page.getByRole('button', { name: 'Lift the stop' }).click();
  await page.getByText(/^Stopped since/).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Show the timeline' }).click();
  await page.getByText('stops.create').first().waitFor();

  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  const question = page.getByRole('dialog', { name: 'Remove cy@example.com?' });
  await question.getByText(/calls? in the last day/).waitFor();
  await question.getByRole('textbox').fill('cy@example.com');
  await question.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('grid', { name: 'Members' }).waitFor();
  expect(await page.getByRole('row', { name: /cy@example.com/ }).count()).toBe(0);
  expect(faults).toEqual([]);
}, 20_000);
