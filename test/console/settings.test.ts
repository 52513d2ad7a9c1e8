import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

let bench: ConsoleBench;
let receiver: Server;
let hook: string;
const received: string[] = [];

beforeAll(async () => {
  bench = await startConsoleBench();
  receiver = createServer((request, response) => {
    received.push(String(request.headers['webhook-id']));
    request.resume().once('end', () => response.writeHead(204).end());
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const { port } = receiver.address() as AddressInfo;
  hook = `http://127.0.0.1:${port}/hook`;
  await bench.product.client.network.allow({ body: { target: `127.0.0.1:${port}`, note: 'Receiver of this test' } });
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
});

const settings = (rest = ''): string => `/workspaces/${bench.product.workspace}/settings${rest}`;

describe('the settings of a workspace', () => {
  it('rename it and take that back', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings());
    const field = page.getByRole('textbox', { name: 'Name' });
    const before = await field.inputValue();
    await field.fill('Renamed by its owner');
    await page.getByRole('button', { name: 'Save name' }).click();
    await page.getByRole('definition').filter({ hasText: 'Renamed by its owner' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('definition').filter({ hasText: before }).first().waitFor();
    expect(faults).toEqual([]);
  });

  it('ask before they refuse what goes through today, and show the server’s complaint at its field', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings());
    await page.getByRole('radio', { name: /^Strict No rule/ }).click();
    await page.getByRole('button', { name: 'Save access' }).click();
    await page.getByRole('button', { name: 'Refuse them' }).click();
    await page.getByRole('definition').filter({ hasText: 'Strict' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('definition').filter({ hasText: 'Open' }).waitFor();
    await page.getByLabel('At once per principal').fill('many');
    await page.getByRole('button', { name: 'Save limits' }).click();
    await expect.poll(() => page.getByLabel('At once per principal').getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('show a member what holds and who may change it', async () => {
    await using opened = await bench.open({ as: 'cy' });
    const { page, visit, faults } = opened;
    await visit(settings());
    await page.getByText('Changing the settings takes the role owner in this workspace').waitFor();
    expect(await page.getByRole('button', { name: /^Save/ }).count()).toBe(0);
    await visit(settings('/webhooks'));
    await page.getByText('This takes the role admin in this workspace').waitFor();
    expect(faults).toEqual([]);
  });

  it('keep records for a shorter time only after typing it, and take that back', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings('/records'));
    await page.getByLabel('Days').fill('60');
    await page.getByRole('button', { name: 'Save term' }).click();
    const question = page.getByRole('dialog');
    await question.getByRole('button', { name: 'Shorten' }).isDisabled();
    await question.getByRole('textbox').fill('60');
    await question.getByRole('button', { name: 'Shorten' }).click();
    await page.getByText(/A shorter term takes effect/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(/A shorter term takes effect/).waitFor({ state: 'hidden' });
    expect(faults).toEqual([]);
  });

  it('add a webhook whose secret is shown once, test, pause and remove it', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings('/webhooks'));
    await page.getByRole('button', { name: 'Add webhook' }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel('URL').fill('http://127.0.0.1:1/closed');
    await form.getByRole('button', { name: 'Add webhook' }).click();
    await expect.poll(() => form.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel('URL').fill(hook);
    await form.getByRole('button', { name: 'Add webhook' }).click();
    await form.getByText('The first delivery arrived.').waitFor();
    await form.getByText(/^whsec_/).waitFor();
    expect(await axe(page)).toEqual([]);
    await form.getByRole('button', { name: 'I have copied it' }).click();
    await page.getByRole('link', { name: hook }).click();
    await page.waitForURL('**/webhooks/*');
    await page.getByRole('button', { name: 'Send test' }).click();
    await page.getByText(/^Delivered in/).waitFor();
    expect(received.length).toBe(2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByText(/whsec_/).count()).toBe(0);
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill(new URL(hook).host);
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nobody is told yet').waitFor();
    expect(faults).toEqual([]);
  });

  it('add a sink, say why its test failed and remove it by its name', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings('/sinks'));
    await page.getByRole('button', { name: 'Add sink' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name').fill('siem');
    await form.getByLabel('URL').fill('https://siem.invalid/in');
    expect(await axe(page)).toEqual([]);
    await form.getByRole('button', { name: 'Add sink' }).click();
    await form.getByText(/^whsec_/).waitFor();
    await form.getByRole('button', { name: 'I have copied it' }).click();
    const row = page.getByRole('row', { name: /siem/ });
    await row.getByRole('button', { name: 'Test' }).click();
    await page.getByText('The test record was not taken').first().waitFor();
    await row.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('siem');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Records stay here only').waitFor();
    expect(faults).toEqual([]);
  });

  it('issue a control key that works, and revoke it', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings('/keys'));
    await page.getByRole('button', { name: 'Issue a key' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('What for').fill('Terraform');
    await form.getByRole('button', { name: 'Issue a key' }).click();
    const key = await form.getByText(/^mnk_/).first().textContent();
    const { url, workspace } = bench.product;
    const ask = (): Promise<Response> =>
      fetch(`${url}/api/v1/workspaces/${workspace}`, { headers: { authorization: `Bearer ${key ?? ''}` } });
    expect((await ask()).status).toBe(200);
    await form.getByRole('button', { name: 'I have copied it' }).click();
    await page
      .getByRole('row', { name: /Terraform/ })
      .getByRole('button', { name: 'Revoke' })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('row', { name: /Terraform.*revoked/ }).waitFor();
    await expect.poll(async () => (await ask()).status).toBe(401);
    expect(faults).toEqual([]);
  });

  it('erase a person only after showing what goes and typing who', async () => {
    const email = 'dee@example.com';
    const params = { workspace: bench.product.workspace };
    await bench.product.client.members.add({ params, body: { email, name: 'Dee', role: 'member' } });
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit(settings('/erasure'));
    await page.getByLabel('Person').fill(email);
    await page.getByRole('button', { name: 'Show what would go' }).click();
    await page.getByText('1 membership ends').waitFor();
    await page.getByRole('button', { name: 'Erase this person' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill(email);
    await page.getByRole('dialog').getByRole('button', { name: 'Erase this person' }).click();
    await page.getByText('The person is erased').first().waitFor();
    const { items } = await bench.product.client.members.list({ params });
    expect(items.map((member) => member.email)).not.toContain(email);
    expect(faults).toEqual([]);
  });

  it('hold records only once a second person has confirmed it', async () => {
    await using asker = await bench.open();
    await asker.visit(settings('/records'));
    await asker.page.getByRole('button', { name: 'Ask for a hold' }).click();
    const form = asker.page.getByRole('dialog');
    await form.getByLabel('Name').fill('Case 12');
    await form.getByLabel('Reason').fill('Counsel asked for it');
    await form.getByRole('button', { name: 'Ask for a hold' }).click();
    await asker.page.getByText('Waits for a second person').waitFor();
    await using second = await bench.open({ as: 'bo' });
    await second.visit(settings('/records'));
    await second.page
      .getByRole('row', { name: /Case 12/ })
      .getByRole('button', { name: 'Confirm' })
      .click();
    await second.page.getByText('in force', { exact: true }).waitFor();
    expect([...asker.faults, ...second.faults]).toEqual([]);
  });
});

describe('the instance', () => {
  it('has its addresses opened and closed', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit('/instance/network');
    await page.getByRole('button', { name: 'Open an address' }).click();
    await page.getByLabel('Host and port').fill('10.0.0.0/8');
    await page.getByRole('dialog').getByRole('button', { name: 'Open an address' }).click();
    await page.getByText('must be host:port').first().waitFor();
    await page.getByLabel('Host and port').fill('db.internal:8080');
    await page.getByRole('dialog').getByRole('button', { name: 'Open an address' }).click();
    await page
      .getByRole('row', { name: /db\.internal/ })
      .getByRole('button', { name: 'Close' })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByText('Address closed').waitFor();
    expect(faults).toEqual([]);
  });

  it('ends the sessions of a person and makes a way back in', async () => {
    await using signedIn = await bench.open({ as: 'cy' });
    await signedIn.visit(settings());
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit('/instance/people');
    await page.getByLabel('Email address').fill(bench.people.cy.email);
    await page.getByRole('button', { name: 'Show sessions' }).click();
    await page.getByRole('button', { name: 'End all sessions' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all sessions' }).click();
    await page.getByText('Nowhere at the moment.').waitFor();
    await signedIn.page.goto(bench.product.url + settings());
    await signedIn.page.waitForURL('**/sign-in?return=**');
    await page.getByRole('button', { name: 'Make a reset link' }).click();
    await page.getByText(/\/password-reset#k=/).waitFor();
    expect(faults).toEqual([]);
  });

  it('signs with a new key when asked, and says who vouches for it', async () => {
    await using opened = await bench.open();
    const { page, visit, faults } = opened;
    await visit('/instance/proof');
    await page.getByRole('button', { name: 'Rotate key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate key' }).click();
    await page.getByText(/by the key before ·/).waitFor();
    expect(faults).toEqual([]);
  });

  it('is closed to who has no role for it', async () => {
    await using opened = await bench.open({ as: 'bo' });
    const { page, visit } = opened;
    for (const path of ['people', 'keys', 'network', 'proof', 'sinks', 'changes']) {
      await visit(`/instance/${path}`);
      await page.getByText('This takes the role owner of the instance').waitFor();
    }
  });
});
