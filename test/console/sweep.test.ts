import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../packages/console/src/paths.ts';
import { axe, screenshot, startConsoleBench } from './harness.ts';
import type { ConsoleBench, PersonName } from './harness.ts';
import { startTeamAtWork } from './team-at-work.ts';
import type { TeamAtWork } from './team-at-work.ts';

let bench: ConsoleBench;
let work: TeamAtWork;

beforeAll(async () => {
  bench = await startConsoleBench();
  work = await startTeamAtWork(bench);
}, 120_000);
afterAll(async () => {
  await work[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

const serverParts = ['tools', 'review', 'calls', 'access', 'revisions', 'credentials', 'connections'] as const;
const accessParts = [
  'matrix',
  'rules',
  'rules/document',
  'teams',
  'machines',
  'tokens',
  'requests',
  'security',
  'simulation',
  'test',
  'unused',
  'history',
];

/** Every address of the console behind the sign-in. The compiler asks for a line when `paths` gets one. */
function addresses(): readonly string[] {
  const at = bench.product.workspace;
  const { ids } = work;
  const all: Readonly<Record<keyof typeof paths, readonly string[]>> = {
    ...{ start: [], signIn: [], setUp: [], apiReference: [], activityWith: [] },
    ...{ clients: [], stop: [] },
    home: [paths.home(at)],
    insights: [paths.insights(at)],
    firstRun: [paths.firstRun(at), paths.firstRun(at, 'client')],
    connect: [paths.connect(at)],
    servers: [paths.servers(at)],
    server: [paths.server(at, 'github')],
    serverPart: serverParts.map((name) => paths.serverPart(at, 'github', name)),
    serverTool: [paths.serverTool(at, 'github', 'list_issues')],
    hosted: [paths.hosted(at)],
    access: [paths.access(at)],
    accessPart: accessParts.map((name) => paths.accessPart(at, name)),
    member: [paths.member(at, ids.member)],
    viewAs: [paths.viewAs(at, ids.member)],
    team: [paths.team(at, ids.team)],
    machine: [paths.machine(at, ids.machine)],
    approvals: [paths.approvals(at)],
    approval: [paths.approval(at, ids.approval)],
    approvalHistory: [paths.approvalHistory(at)],
    accessRequests: [paths.accessRequests(at)],
    activity: [paths.activity(at)],
    call: [paths.call(at, ids.call)],
    changes: [paths.changes(at)],
    timelines: [paths.timelines(at)],
    usage: [paths.usage(at)],
    exports: [paths.exports(at)],
    proof: [paths.proof(at)],
    settings: [paths.settings(at)],
    settingsRecords: [paths.settingsRecords(at)],
    settingsWebhooks: [paths.settingsWebhooks(at)],
    settingsWebhook: [paths.settingsWebhook(at, ids.webhook)],
    settingsSinks: [paths.settingsSinks(at)],
    settingsKeys: [paths.settingsKeys(at)],
    settingsErasure: [paths.settingsErasure(at)],
    instance: [paths.instance()],
    instancePeople: [paths.instancePeople()],
    instanceKeys: [paths.instanceKeys()],
    instanceNetwork: [paths.instanceNetwork()],
    instanceProof: [paths.instanceProof()],
    instanceSinks: [paths.instanceSinks()],
    instanceChanges: [paths.instanceChanges()],
    account: [paths.account()],
  };
  return Object.values(all).flat();
}

/** Pages shown in docs/console.md. */
const pictures = (): Readonly<Record<string, string>> => {
  const at = bench.product.workspace;
  return {
    [paths.home(at)]: 'home',
    [paths.servers(at)]: 'servers',
    [paths.server(at, 'github')]: 'server',
    [paths.accessPart(at, 'matrix')]: 'matrix',
    [paths.accessPart(at, 'security')]: 'security',
    [paths.approvals(at)]: 'approvals',
    [paths.activity(at)]: 'activity',
    [paths.connect(at)]: 'connect',
    [paths.settings(at)]: 'settings',
  };
};

/** What every page has, whoever looks at it. */
async function shape(page: Page): Promise<string[]> {
  const found: string[] = [];
  const title = await page.title();
  if (!/^.+ · MCPNest$/.test(title)) found.push(`is titled “${title}”`);
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll('h1,h2,h3,h4')]
      .filter((heading) => heading.checkVisibility())
      .map((heading) => Number(heading.tagName[1])),
  );
  if (levels.filter((level) => level === 1).length !== 1) found.push(`has headings ${levels.join(' ')}`);
  if (levels.some((level, index) => level > (levels[index - 1] ?? 1) + 1))
    found.push(`skips one of ${levels.join(' ')}`);
  const unreachable = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main header button, main header a')]
      .filter((control) => control.checkVisibility() && control.tabIndex < 0)
      .map((control) => control.innerText),
  );
  if (unreachable.length > 0) found.push(`keeps the keyboard from ${unreachable.join(', ')}`);
  return found;
}

const looks = [
  { as: 'ada', theme: 'light', width: 1280, withAxe: true },
  { as: 'bo', theme: 'dark', width: 1280, withAxe: true },
  { as: 'cy', theme: 'light', width: 360, withAxe: false },
] as const satisfies readonly { as: PersonName; theme: string; width: number; withAxe: boolean }[];

describe.each(looks)('every page, for $as in the $theme theme, $width px wide', ({ as, theme, width, withAxe }) => {
  it('has a title and headings in order, is clean by axe, asks nobody else and prints no error', async () => {
    await using opened = await bench.open({ as, theme });
    const { page, faults, visit } = opened;
    await page.setViewportSize({ width, height: 800 });
    const found: string[] = [];
    const named = pictures();
    for (const path of addresses()) {
      await visit(path);
      await page.waitForLoadState('networkidle').catch(() => undefined);
      const name = named[path];
      if (name !== undefined && withAxe) await screenshot(page, `console-${name}-${theme}`);
      for (const finding of await shape(page)) found.push(`${path} ${finding}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${path} is ${over} px too wide`);
      if (withAxe) for (const finding of await axe(page)) found.push(`${path} ${finding}`);
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
  }, 240_000);
});
