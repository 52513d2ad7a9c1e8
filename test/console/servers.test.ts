import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import type { EchoUpstream } from '../upstreams/echo.ts';
import { axe, axeInBothThemes, startConsoleBench } from './harness.ts';
import type { ConsoleBench, OpenPage } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let upstream: EchoUpstream;
let owner: OpenPage;
let area: string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['list_issues', 'delete_repo'] }));
  const { product } = bench;
  await product.addServer({ slug: 'github', url: upstream.url, prefix: 'gh' });
  const params = { workspace: product.workspace };
  for (const name of ['Grafana', 'Sentry'])
    await product.client.servers.create({ params, body: { name, url: `https://${name.toLowerCase()}.invalid/mcp` } });
  await product.call('gh_list_issues');
  await product.calls();
  owner = stack.use(await bench.open());
  area = `/workspaces/${product.workspace}/servers`;
}, 60_000);
afterAll(() => stack.disposeAsync());

const row = (name: RegExp) => owner.page.getByRole('row', { name });
const show = (server: string) =>
  bench.product.client.servers.show({ params: { workspace: bench.product.workspace, server } });

describe('the list', () => {
  it('[VIS-01] shows who looks after a server, how sensitive it is, when it was used and healthy, and filters', async () => {
    const { page, visit } = owner;
    const params = { workspace: bench.product.workspace, server: 'grafana' };
    const body = { maintainer: 'ops@example.com', sensitivity: 'restricted', labels: ['prod'] } as const;
    await bench.product.client.servers.update({ params, body });
    await visit(`${area}?view=inventory`);
    await row(/Grafana.*ops@example\.com.*restricted.*prod/).waitFor();
    await row(/GitHub|github.*Nobody looks after it.*just now|ago/)
      .first()
      .waitFor();
    await page.getByRole('combobox', { name: 'Sensitivity: Any' }).click();
    await page.getByRole('option', { name: 'confidential or above' }).click();
    await page.waitForURL('**sensitivity=confidential**');
    await row(/github/).waitFor({ state: 'detached' });
    expect(await row(/Grafana/).count()).toBe(1);
    await page.getByRole('button', { name: 'Clear' }).click();
    await row(/github/).waitFor();
  });

  it('moves a server and disables it, each with the way back', async () => {
    const { page, visit } = owner;
    await visit(area);
    await page.getByRole('button', { name: 'More to do with Sentry' }).click();
    await page.getByRole('menuitem', { name: 'Move to the top' }).click();
    await row(/^1 Sentry/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await row(/^3 Sentry/).waitFor();
    await page.getByRole('button', { name: 'More to do with Sentry' }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await row(/Sentry Disabled/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await row(/Sentry Disabled/).waitFor({ state: 'detached' });
    expect((await show('sentry')).enabled).toBe(true);
    expect(page.url()).toContain('/servers');
    expect(owner.faults).toEqual([]);
  });
});

describe('adding', () => {
  it('says what is wrong with an address, opens a private one for an owner, and shows that the server speaks', async () => {
    const { page, visit } = owner;
    await using other = await startEchoUpstream({ era: 'both', tools: ['echo'] });
    await visit(`${area}?open=add`);
    const dialog = page.getByRole('dialog', { name: 'Add server' });
    await dialog.getByLabel('Address').fill('ftp://x');
    await dialog.getByLabel('Name').fill('Notes');
    await dialog.getByRole('button', { name: 'Add and test' }).click();
    await dialog.getByText('must begin with https:// or http://').waitFor();
    await dialog.getByLabel('Address').fill(other.url);
    await dialog.getByRole('button', { name: 'Add and test' }).click();
    await dialog.getByRole('button', { name: `Open ${new URL(other.url).host}` }).click();
    await dialog.getByText('Notes speaks MCP').waitFor({ timeout: 10_000 });
    await dialog.getByText('1 tool is there').waitFor({ timeout: 10_000 });
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('link', { name: 'Open the server' }).click();
    await page.waitForURL('**/servers/notes');
  }, 30_000);

  it('names the remedy where nobody answers', async () => {
    const { page, visit } = owner;
    await bench.product.client.network.allow({ body: { target: '127.0.0.1:9' } });
    await visit(`${area}?open=add`);
    const dialog = page.getByRole('dialog', { name: 'Add server' });
    await dialog.getByLabel('Address').fill('http://127.0.0.1:9/mcp');
    await dialog.getByLabel('Name').fill('Nobody');
    await dialog.getByRole('button', { name: 'Add and test' }).click();
    await dialog.getByText('It cannot be reached.').waitFor({ timeout: 10_000 });
    await dialog.getByText('Check that it runs').waitFor();
  }, 20_000);

  it('[NEW-07] imports the configuration of a client, its secrets masked', async () => {
    const { page, visit } = owner;
    const secret = 'ghp_0123456789abcdefghijklmnopqrst';
    await visit(`${area}?open=import`);
    const dialog = page.getByRole('dialog', { name: 'Import from a client' });
    const files = { command: 'npx', args: ['-y', 'files'] };
    const linear = { url: 'https://linear.invalid/mcp', headers: { Authorization: `Bearer ${secret}` } };
    await dialog.getByLabel('Configuration').fill(JSON.stringify({ mcpServers: { linear, files } }));
    await dialog.getByRole('button', { name: 'Read it' }).click();
    await dialog.getByText('A program: it needs hosting').waitFor();
    expect(await dialog.textContent()).not.toContain(secret.slice(4, -4));
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add 1 server' }).click();
    await dialog.getByText('Added', { exact: true }).waitFor();
    expect((await show('linear')).credential).toEqual({ headers: ['authorization'] });
    expect(owner.faults).toEqual([]);
  });
});

describe('one server', () => {
  it('[NEW-14] shows its own address, its health and use, and lets it fail for a while', async () => {
    const { page, visit } = owner;
    await visit(`${area}/github`);
    await page.getByText(`${bench.product.url}/api/gw/${bench.product.workspace}/github`).waitFor();
    await page.getByText(/Up \d.* of the time known/).waitFor();
    await page
      .getByText(/\d+ calls? · 0 failed|\d+ calls?/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Start a drill' }).click();
    const dialog = page.getByRole('dialog', { name: /fail for a while/ });
    await dialog.getByLabel('Seconds').fill('601');
    await dialog.getByRole('button', { name: 'Start a drill' }).click();
    await dialog.getByText(/600/).last().waitFor();
    await dialog.getByLabel('Seconds').fill('60');
    await dialog.getByRole('button', { name: 'Start a drill' }).click();
    await page.getByText('Runs now').waitFor();
    await page.getByText('Failure drill', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'End it now' }).click();
    await page.getByText('Runs now').waitFor({ state: 'detached' });
  });

  it('changes it, shows what a revision changed, and goes back with the consequences said', async () => {
    const { page, visit } = owner;
    await visit(`${area}/grafana/revisions`);
    await page.getByRole('button', { name: 'Edit' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit Grafana' });
    await edit.getByLabel('Address').fill('https://grafana-2.invalid/mcp');
    await edit.getByLabel('Note').fill('Moved');
    await edit.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: /Revision 2.*Current.*Moved/ }).waitFor();
    await page.getByRole('textbox', { name: 'What changed' }).getByText('grafana-2').waitFor();
    await page.getByRole('button', { name: /Revision 1/ }).click();
    await page.getByRole('button', { name: 'Go back to it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Use revision 1 of Grafana again?' });
    await dialog.getByText('Calls go to https://grafana.invalid/mcp.').waitFor();
    await dialog.getByRole('button', { name: 'Go back to it' }).click();
    await page.getByRole('button', { name: /Revision 3.*Current/ }).waitFor();
    expect((await show('grafana')).url).toBe('https://grafana.invalid/mcp');
  });

  it('sets a credential that is never shown again, says who did, and clears it', async () => {
    const { page, visit } = owner;
    await visit(`${area}/sentry/credentials`);
    await page.getByRole('button', { name: 'Set credential' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set the credential of Sentry' });
    await dialog.getByRole('radio', { name: /^Headers/ }).click();
    await dialog.getByRole('textbox', { name: 'Header' }).fill('Host');
    await dialog.getByLabel('Value', { exact: true }).fill('a secret of Sentry');
    await dialog.getByRole('button', { name: 'Set credential' }).click();
    await dialog.getByText('is set by the gateway itself').waitFor();
    await dialog.getByRole('textbox', { name: 'Header' }).fill('X-Api-Key');
    await dialog.getByRole('button', { name: 'Set credential' }).click();
    await page.getByText('x-api-key').waitFor();
    await page.getByText(/Last set by owner@example\.com/).waitFor();
    expect(await page.content()).not.toContain('a secret of Sentry');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click();
    await page.getByText('No credential is sent').waitFor();
    expect(owner.faults).toEqual([]);
  });

  it('says who may call it and why, and shows it to others only', async () => {
    const { page, visit } = owner;
    await visit(`${area}/github/access`);
    await row(/cy@example\.com/).click();
    const panel = page.getByRole('dialog', { name: /cy@example\.com/ });
    await panel.getByText('delete_repo').waitFor();
    await panel.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog', { name: 'Who may know of github?' });
    await dialog.getByLabel('Shown to').fill('nobody@example.com');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText(/must be workspace, team:/).waitFor();
    await dialog.getByLabel('Shown to').fill('member:bo@example.com');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('member:bo@example.com').last().waitFor();
    expect((await show('github')).visibility).toEqual(['member:bo@example.com']);
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await page.getByText('Everybody in the workspace').waitFor();
  });

  it('is removed once its name is typed, with everything that goes named', async () => {
    const { page, visit } = owner;
    await visit(`${area}/sentry`);
    await page.getByRole('button', { name: 'More to do with Sentry' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove Sentry?' });
    await dialog.getByText('Nobody has called it in the last day.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Remove' }).isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('sentry');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL(`**${area}`);
    await until('it is gone', () =>
      show('sentry').then(
        () => false,
        () => true,
      ),
    );
  });
});

describe('a member', () => {
  it('sees what a member may, and is told who can give more', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    await visit(area);
    await page.getByRole('row', { name: /github/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Add server' }).count()).toBe(0);
    await visit(`${area}/github`);
    const parts = page.getByRole('navigation', { name: 'github' }).getByRole('link');
    await page.getByText(/of the time known/).waitFor();
    expect(await parts.allTextContents()).toEqual(['Overview', 'Tools', 'Connections']);
    expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0);
    await visit(`${area}/github/revisions`);
    await page.getByText('Only admins and owners of the workspace see this').waitFor();
    expect(faults).toEqual([]);
  });
});

it('what an address chooses on a part is clean by axe and keeps to its policy', async () => {
  const { page, faults, visit, settled } = owner;
  const found: string[] = [];
  for (const part of ['?view=inventory', '/github/tools?tool=list_issues', '/github/review?tool=list_issues']) {
    await visit(area + part);
    await settled();
    for (const finding of await axeInBothThemes(page)) found.push(`${part} ${finding}`);
  }
  expect(found).toEqual([]);
  expect(faults).toEqual([]);
}, 30_000);
