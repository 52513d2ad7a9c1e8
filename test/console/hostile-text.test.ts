import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEchoUpstream } from '../upstreams/echo.ts';
import type { EchoUpstream } from '../upstreams/echo.ts';
import { axe, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';
import { harm } from './harm.ts';
import { hostileLongTexts, hostileTexts } from './hostile-texts.ts';

let bench: ConsoleBench;
let upstream: EchoUpstream;
let receiver: Server;
let webhook = '';
let team = '';

/** As much of a text as a name may have. */
const cut = (text: string): string => text.slice(0, 100).trim();
const first = hostileTexts[0] ?? '';

beforeAll(async () => {
  bench = await startConsoleBench();
  upstream = await startEchoUpstream({
    tools: [...hostileTexts, ...hostileLongTexts].map((text, index) => ({
      name: `tool_${index}`,
      title: text,
      description: text,
      inputSchema: { type: 'object', properties: { [text.slice(0, 60)]: { type: 'string', description: text } } },
    })),
  });
  receiver = createServer((request, response) => request.resume().once('end', () => response.writeHead(500).end()));
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const { port } = receiver.address() as AddressInfo;
  const { client, workspace } = bench.product;
  const params = { workspace };
  await client.network.allow({ body: { target: `127.0.0.1:${port}`, note: first } });
  await bench.product.addServer({ slug: 'evil', url: upstream.url, prefix: 'evil' });
  await client.servers.update({ params: { workspace, server: 'evil' }, body: { name: cut(hostileTexts[3] ?? '') } });
  for (const [index, text] of hostileTexts.entries()) {
    const name = cut(text);
    await client.machines.create({ params, body: { name } });
    if (index % 4 === 0) await client.apiKeys.issue({ params, body: { role: 'admin', label: name } });
    if (index % 4 === 1) await client.tokens.issue({ params, body: { kind: 'workspace', label: name } });
    if (index % 4 === 2) await client.holds.request({ params, body: { name, reason: text, scope: 'workspace' } });
    if (index % 4 === 3) {
      const email = `hostile${index}@example.com`;
      await client.members.add({ params, body: { email, name, role: 'member' } });
      const made = await client.teams.create({ params, body: { name, slug: `team-${index}` } });
      team = made.slug;
    }
    if (index % 10 === 0) {
      const url = `http://127.0.0.1:${port}/${encodeURIComponent(text.slice(0, 50))}`;
      webhook = (await client.webhooks.create({ params, body: { url, note: text } })).webhook.id;
    }
  }
  await client.workspaces.update({ params, body: { name: cut(first) } });
}, 120_000);
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
});

const pages = (): readonly string[] => [
  ...[
    '',
    '/servers',
    '/servers/evil',
    '/servers/evil/tools',
    '/servers/evil/tools?tool=tool_0',
    '/servers/evil/review',
    '/servers/evil/access',
    '/access',
    '/access/machines',
    '/access/teams',
    `/access/teams/${team}`,
    '/access/tokens',
    '/access/matrix',
    '/activity',
    '/activity/changes',
    '/connect',
    '/settings',
    '/settings/records',
    '/settings/webhooks',
    `/settings/webhooks/${webhook}`,
    '/settings/keys',
  ].map((path) => `/workspaces/${bench.product.workspace}${path}`),
  ...['', '/network', '/changes', '/keys'].map((path) => `/instance${path}`),
  '/account',
];

it('notices what would harm', async () => {
  await using opened = await bench.open();
  await opened.visit('/account');
  await opened.page.evaluate(() => {
    const link = document.createElement('a');
    link.href = 'javascript:0';
    document.body.append(document.createElement('math'), link);
    Object.assign(globalThis, { executed: 1 });
  });
  expect((await harm(opened.page)).length).toBe(3);
});

describe('texts of others', () => {
  it('stay texts on every page that shows them', async () => {
    await using opened = await bench.open();
    const { page, faults, visit, settled } = opened;
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const found: string[] = [];
    for (const path of pages()) {
      await visit(path);
      await settled();
      for (const finding of await harm(page)) found.push(`${path} ${finding}`);
      const title = await page.title();
      if (!title.endsWith(' · MCPNest')) found.push(`${path} is titled ${title}`);
    }
    expect(found).toEqual([]);
    expect(dialogs).toEqual([]);
    expect(faults).toEqual([]);
  }, 120_000);

  it('are found by the palette and stay texts there', async () => {
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await visit(`/workspaces/${bench.product.workspace}`);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search or jump to' }).fill('<img');
    await page.getByRole('option').first().waitFor();
    expect(await harm(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('show what they hide: characters without a shape have a name', async () => {
    await using opened = await bench.open();
    const { page, visit } = opened;
    await visit(`/workspaces/${bench.product.workspace}/access/machines`);
    await page.getByRole('grid').evaluate((grid) => grid.scrollTo({ top: grid.scrollHeight * 0.75 }));
    await page.locator('[title^="invisible character"]').first().waitFor();
    expect(await axe(page)).toEqual([]);
  });
});
