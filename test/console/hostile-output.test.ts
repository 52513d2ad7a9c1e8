import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testEntry } from '../../packages/server/src/domain/hosted/entries.contract.ts';
import { createProcessRuntime } from '../process-runtime.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import type { EchoUpstream } from '../upstreams/echo.ts';
import { axe, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';
import { harm } from './harm.ts';
import { hostileTexts } from './hostile-texts.ts';

/** What a server says while it fails: on its standard error, and in the results and errors of its tools. */
const spoken: readonly string[] = [
  ...hostileTexts.slice(0, 24),
  'admin\u202Etxt.exe',
  '\u2066nested\u2067isolates\u2069\u2069',
  'pay\u200Bpal and \uFEFFmarked',
  '\u001b[2J\u001b[31mred\u001b]8;;https://evil.example\u0007press\u001b]8;;\u0007',
  `combining${'\u0301\u0316\u0332'.repeat(25)}`,
  'x'.repeat(10_000),
  `${'<b>'.repeat(1_000)}deep`,
];
const program = `for (const line of ${JSON.stringify(spoken)}) console.error(line); setInterval(() => undefined, 1000)`;

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let upstream: EchoUpstream;
let home: string;

beforeAll(async () => {
  const entry = {
    ...{ ...testEntry, slug: 'evil', name: 'Evil', variables: [], toolClasses: [] },
    command: [process.execPath, '-e', program],
  };
  const runtime = createProcessRuntime();
  bench = stack.use(
    await startConsoleBench({
      env: { MCPNEST_RUNTIME: 'docker' },
      hosting: { catalogue: [entry], openRuntime: async () => runtime },
    }),
  );
  upstream = stack.use(await startEchoUpstream({ tools: ['look'] }));
  const { client, workspace } = bench.product;
  home = `/workspaces/${workspace}`;
  await bench.product.addServer({ slug: 'plain', url: upstream.url });
  await client.workspaces.update({
    params: { workspace },
    body: { settings: { hosting: { orchestratorEnabled: true } } },
  });
  await client.hostedImages.allow({ body: { image: entry.image, digest: `sha256:${'a'.repeat(64)}` } });
}, 60_000);
afterAll(() => stack.disposeAsync());

/** What a place does not keep inside itself, and which of its lines lie over one another. */
async function disorder(place: Locator, lines: string): Promise<string[]> {
  return place.evaluate((element, selector) => {
    const found: string[] = [];
    const over = element.scrollWidth - element.clientWidth;
    if (over > 1) found.push(`it is ${over} px too wide`);
    const boxes = [...element.querySelectorAll(selector)].map((line) => line.getBoundingClientRect());
    for (const [index, box] of boxes.entries()) {
      const next = boxes[index + 1];
      if (box.height > 4_000) found.push(`line ${index} is ${box.height} px high`);
      if (next !== undefined && next.top < box.bottom - 1) found.push(`line ${index + 1} lies over line ${index}`);
    }
    return found;
  }, lines);
}

const openTool = async (page: Page): Promise<Locator> => {
  const panel = page.getByRole('dialog', { name: 'look' });
  await panel.getByRole('button', { name: 'Run look' }).click();
  return panel;
};

describe.each([
  ['wide', 1280],
  ['narrow', 360],
])('[NEW-11] what a server says of its failure, on a %s screen', (_, width) => {
  it('stays text in the log of its container, each line in its place', async () => {
    const { client, workspace } = bench.product;
    const { instance_id: id } = await client.hosted.deploy({ body: { workspace, slug: 'evil', env: {} } });
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await page.setViewportSize({ width, height: 800 });
    await visit(`${home}/hosted/${id}/log`);
    const log = page.getByRole('region', { name: /^Log of/ });
    await log.getByText('<b><b><b>').first().waitFor({ timeout: 15_000 });
    await screenshot(page, `hostile-log-${width}`);
    const found: string[] = [];
    // From the newest line to the oldest, as only those in sight exist.
    for (let part = 8; part >= 0; part -= 1) {
      await log.evaluate((element, share) => element.scrollTo({ top: element.scrollHeight * share }), part / 8);
      await page.waitForTimeout(50);
      found.push(...(await harm(page)), ...(await disorder(log, 'li')));
    }
    expect(found).toEqual([]);
    await log.getByText('<script>').first().waitFor();
    await log.evaluate((element) => element.scrollTo({ top: element.scrollHeight * 0.6 }));
    await log.locator('[title^="invisible character"]').first().waitFor();
    expect(await axe(page)).toEqual([]);
    expect(faults).toEqual([]);
    await client.hosted.terminate({ params: { instance: id } });
  }, 40_000);

  it('stays text in the results and errors of its tools', async () => {
    await using opened = await bench.open();
    const { page, faults, visit } = opened;
    await page.setViewportSize({ width, height: 800 });
    const content = spoken.map((text) => ({ type: 'text', text }));
    upstream.set({ intercept: () => false, result: () => JSON.stringify({ content, isError: true }) });
    await visit(`${home}/servers/plain/tools?tool=look`);
    const panel = await openTool(page);
    await panel.getByText('The tool says that it failed').waitFor({ timeout: 10_000 });
    await panel.locator('[title^="invisible character"]').first().waitFor();
    await screenshot(page, `hostile-result-${width}`);
    expect(await harm(page)).toEqual([]);
    expect(await disorder(panel, '[role=region]')).toEqual([]);
    expect(await axe(page)).toEqual([]);
    for (const message of spoken) {
      upstream.set({
        intercept: ({ method }, id, res) => {
          if (method !== 'tools/call') return false;
          res.writeHead(200, { 'content-type': 'application/json' });
          res.end(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: -32603, message })}}`);
          return true;
        },
      });
      await openTool(page);
      await panel.getByRole('alert').waitFor();
      expect([message.slice(0, 40), await harm(page)]).toEqual([message.slice(0, 40), []]);
    }
    expect(await disorder(panel, '[role=alert]')).toEqual([]);
    expect(faults).toEqual([]);
  }, 40_000);
});
