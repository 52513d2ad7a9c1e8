import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { axe, clientOf, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let params: { workspace: string };
let token: string;
let home: string;

const inputSchema = { type: 'object', properties: { repo: { type: 'string' }, force: { type: 'boolean' } } };
const drop = (repo: string, more: object = {}) => bench.product.call('delete_repo', { repo, ...more }, { token });
const ask = async (repo: string, more?: object): Promise<string> =>
  (await drop(repo, more)).message.error!.data!['approvalId'] as string;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  const { product, people } = bench;
  const upstream = stack.use(await startEchoUpstream({ era: 'both', tools: [{ name: 'delete_repo', inputSchema }] }));
  params = { workspace: product.workspace };
  home = `/workspaces/${product.workspace}/approvals`;
  await product.addServer({ slug: 'github', url: upstream.url });
  const { items } = await product.client.members.list({ params });
  const memberId = items.find(({ email }) => email === people.cy.email)!.id;
  token = (await product.client.tokens.issue({ params, body: { kind: 'member', memberId, label: 'laptop' } })).secret;
  await product.client.approvalSettings.update({
    params: { ...params, server: 'github' },
    body: { settings: [{ target: 'delete_repo', approval: 'required', approvers: [] }] },
  });
  await until('calls wait for approval', async () => (await drop('warm-up')).message.error?.code === 428);
  const approval = await ask('warm-up');
  await product.client.approvals.approve({ params: { ...params, approval }, body: {} });
  await drop('warm-up');
});
afterAll(() => stack.disposeAsync());

describe('what waits', () => {
  it('[NEW-04] is shown with why, compared with the last approved, approved by a key, and then runs once', async () => {
    const first = await ask('alpha');
    const second = await ask('beta-with-a-much-longer-name', { force: true });
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(home);
    await page.getByText('Every call of delete_repo on github needs an approval').waitFor();
    await page.getByRole('link', { name: /Approvals.*2/ }).waitFor();
    await page.keyboard.press('j');
    await page.waitForURL(`**/approvals/${second}`);
    const compared = page.getByRole('region', { name: 'The arguments by name' });
    await compared.getByRole('row', { name: /force.*new/ }).waitFor();
    await compared.getByRole('row', { name: /repo.*17–64 bytes.*1–16 bytes.*other size/ }).waitFor();
    expect(await page.getByText('beta-with-a-much').count()).toBe(0);
    await screenshot(page, 'approvals-waiting');
    await page.keyboard.press('k');
    await page.waitForURL(`**/approvals/${first}`);
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await page.keyboard.press('a');
    await page.getByText('Approved delete_repo').waitFor();
    await page.waitForURL(`**/approvals/${second}`);
    expect((await drop('alpha')).message.result).toBeDefined();
    expect((await ask('alpha')) === first).toBe(false);
    expect(faults).toEqual([]);
  });

  it('[NEW-04] is taken back by the toast before it is used', async () => {
    const approval = await ask('gamma');
    await using opened = await bench.open();
    await opened.visit(`${home}/${approval}`);
    await opened.page.getByRole('button', { name: 'Approve' }).click();
    await opened.page.getByRole('button', { name: 'Undo' }).click();
    await opened.page.getByText('Taken back: delete_repo').waitFor();
    expect((await drop('gamma')).message.error?.code).toBe(-32003);
  });

  it('[NEW-04] is refused by a key, with a reason the requester reads', async () => {
    const approval = await ask('delta');
    await using opened = await bench.open({ as: 'bo' });
    const { page, visit } = opened;
    await visit(`${home}/${approval}`);
    await page.getByRole('button', { name: 'Refuse' }).waitFor();
    await page.keyboard.press('d');
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.getByText('Say why.').waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Not during the release.');
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.getByText('Refused delete_repo').waitFor();
    const { message } = await drop('delta');
    expect(message.error).toMatchObject({ code: -32003 });
    expect(JSON.stringify(message.error)).toContain('Not during the release.');
    await visit(`${home}/history`);
    await page.getByRole('row', { name: /delete_repo.*refused.*bo@example.com/ }).click();
    await page.getByText('It was refused and cannot run.').waitFor();
  });

  it('[NEW-04] is not decided by who asked, who is told who decides, and says so when it is over', async () => {
    const approval = await ask('epsilon');
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit } = opened;
    await visit(`${home}/${approval}`);
    await page.getByText('You asked for this').waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.keyboard.press('a');
    const { state } = await bench.product.client.approvals.get({ params: { ...params, approval } });
    expect(state).toBe('pending');
    await visit(`${home}/00000000-0000-7000-8000-000000000000`);
    await page.getByRole('alert').waitFor();
  });

  it('tells of a decision that somebody else has made meanwhile', async () => {
    const approval = await ask('zeta');
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`${home}/${approval}`);
    const approve = page.getByRole('button', { name: 'Approve' });
    await approve.waitFor();
    await clientOf(bench, bench.people.bo).approvals.refuse({
      params: { ...params, approval },
      body: { reason: 'no' },
    });
    await approve.click();
    await page.getByText('it cannot be approved any more').waitFor();
  });
});

describe('requests for access', () => {
  it('[L2-02] are granted with a rule that ends, refused with a reason, and decided by admins only', async () => {
    const cy = clientOf(bench, bench.people.cy);
    const allowed = {
      subject: `member:${bench.people.cy.email}`,
      object: 'github:delete_repo',
      effect: 'allow' as const,
    };
    await bench.product.client.rules.create({ params, body: allowed });
    for (const object of ['github:list_repos', 'github:create_issue'])
      await cy.accessRequests.create({ params, body: { object, reason: 'Release checklist', days: 7 } });
    await using opened = await bench.open({ as: 'bo' });
    const { page, visit, faults } = opened;
    await visit(`${home}/access-requests`);
    const row = (object: string) => page.getByRole('listitem').filter({ hasText: object });
    await row('create_issue').getByRole('button', { name: 'Grant…' }).click();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('spinbutton', { name: 'Days' }).fill('3');
    await page.getByRole('button', { name: 'Grant', exact: true }).click();
    await page.getByText('The rule ends after 3 days.').waitFor();
    await row('list_repos').getByRole('button', { name: 'Refuse…' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The on-call team does this.');
    await page.getByRole('button', { name: 'Refuse', exact: true }).click();
    await page.getByText('Nobody asks for access').waitFor();
    const { items } = await cy.accessRequests.list({ params, query: {} });
    expect(items.map(({ state }) => state).sort()).toEqual(['granted', 'refused']);
    expect(faults).toEqual([]);
    await using member = await bench.open({ as: 'cy' });
    await member.visit(`${home}/access-requests?state=any`);
    await member.page.getByText('Only owners and admins decide').waitFor();
    expect(await member.page.getByRole('button', { name: 'Grant…' }).count()).toBe(0);
  });
});
