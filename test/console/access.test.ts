import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { axe, axeInBothThemes, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let base: string;
let cyId: string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  const { product } = bench;
  for (const [slug, tools] of [
    ['github', ['list_issues', 'get_file', 'create_issue', 'delete_repo']],
    ['grafana', ['get_dashboard', 'delete_dashboard']],
  ] as const) {
    const upstream = stack.use(await startEchoUpstream({ era: 'both', tools: [...tools] }));
    await product.addServer({ slug, url: upstream.url });
  }
  const params = { workspace: product.workspace };
  base = `/workspaces/${product.workspace}/access`;
  await until('the tools are known', async () => (await product.toolNames()).length === 6);
  const { items } = await product.client.members.list({ params });
  cyId = items.find(({ email }) => email === 'cy@example.com')?.id ?? '';
  await product.client.teams.create({ params, body: { name: 'Juniors' } });
  await product.client.machines.create({ params, body: { name: 'nightly' } });
  await product.client.rules.create({
    params,
    body: { effect: 'deny', subject: 'everybody', object: '*:@destructive', note: 'Nobody deletes' },
  });
}, 60_000);
afterAll(() => stack.disposeAsync());

it('[L2-02][L2-03][TOK-06] an owner gives a member a token and a list, turns enforcement on, and it holds', async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await visit(`${base}/security?member=${cyId}`);
  await page.getByText('Open workspace').waitFor();

  await page.getByRole('button', { name: 'Issue token' }).click();
  await page.getByRole('textbox', { name: 'Label' }).fill('laptop');
  await page.getByRole('dialog').getByRole('button', { name: 'Issue token' }).click();
  const secret = await page.getByRole('region', { name: 'Gateway token' }).innerText();
  expect(secret).toMatch(/^mng_[0-9a-f]{48}$/);
  expect(await page.getByRole('region', { name: 'By one line in a terminal' }).innerText()).toContain(secret);
  await page.getByRole('combobox', { name: 'Client that is to use it' }).click();
  await page.getByRole('option', { name: 'Cursor' }).click();
  const configuration = page.getByRole('region', { name: 'By its configuration' });
  await configuration.getByText('"mcpServers"').waitFor();
  expect(await configuration.innerText()).toContain(secret);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByRole('row', { name: new RegExp(`laptop mng_…${secret.slice(-4)}`) }).waitFor();

  await page.getByRole('button', { name: 'Tools of github' }).click();
  await page.getByRole('checkbox', { name: 'list_issues' }).click();
  await page.getByText('1 change not saved').waitFor();
  await screenshot(page, 'access-security-light');
  await page.getByRole('button', { name: 'Save the allowlist' }).click();
  await page.getByText('The allowlist of cy@example.com holds').waitFor();

  const client = new Client({ name: 'a-real-client', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(bench.product.gateway()), {
    requestInit: { headers: { authorization: `Bearer ${secret}` } },
  });
  await client.connect(transport);
  try {
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names()).toContain('get_file');
    await client.callTool({ name: 'get_file', arguments: {} });

    await page.getByRole('switch', { name: 'Enforcement' }).click();
    const question = page.getByRole('dialog', { name: 'Turn enforcement on?' });
    await question.getByText(/of \d+ calls? would be denied|No call would be denied/).waitFor();
    await question.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('Enforced').waitFor();

    await until('the list holds', async () => (await names()).join() === 'list_issues');
    await client.callTool({ name: 'list_issues', arguments: {} });
    await expect(client.callTool({ name: 'get_file', arguments: {} })).rejects.toMatchObject({
      code: -32003,
      message: expect.stringContaining('Tool not allowed for this user'),
    });
  } finally {
    await client.close();
  }
  expect(faults).toEqual([]);
}, 30_000);

it('what an address chooses on a part is clean by axe and keeps to its policy', async () => {
  await using opened = await bench.open();
  const { page, visit, faults, settled } = opened;
  const found: string[] = [];
  for (const path of ['/teams/juniors', '/test?server=github', `/security?member=${cyId}`]) {
    await visit(base + path);
    await settled();
    for (const finding of await axeInBothThemes(page)) found.push(`${path} ${finding}`);
  }
  expect(found).toEqual([]);
  expect(faults).toEqual([]);
}, 30_000);
