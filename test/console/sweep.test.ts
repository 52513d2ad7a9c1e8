import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { paths } from '../../packages/console/src/paths.ts';
import { axe, axeInBothThemes, pictureInBothThemes, startConsoleBench } from './harness.ts';
import type { ConsoleBench, OpenPage, PersonName } from './harness.ts';
import { startTeamAtWork } from './team-at-work.ts';
import type { TeamAtWork } from './team-at-work.ts';

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;
let work: TeamAtWork;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  work = stack.use(await startTeamAtWork(bench));
}, 120_000);
afterAll(() => stack.disposeAsync());

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
    stop: [],
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
    clients: [paths.clients(at)],
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

/** From page to page as links lead, without loading anew. */
async function walk({ page, settled }: OpenPage, path: string): Promise<void> {
  await page.evaluate((to) => history.pushState({}, '', to), path);
  await settled();
}

interface Look {
  readonly as: PersonName;
  readonly theme: 'light' | 'dark';
  readonly check: (page: Page) => Promise<string[]>;
  readonly pictures: boolean;
}
const looks: readonly Look[] = [
  { as: 'ada', theme: 'light', check: axeInBothThemes, pictures: true },
  { as: 'bo', theme: 'dark', check: () => Promise.resolve([]), pictures: false },
  { as: 'cy', theme: 'light', check: axe, pictures: false },
];

it.each(looks)(
  'every page for $as has a title and headings in order, fits, is clean by axe, asks nobody else, prints no error',
  async ({ as, theme, check, ...look }) => {
    await using opened = await bench.open({ as, theme });
    const { page, faults, visit, settled } = opened;
    const found: string[] = [];
    const titles = new Set<string>();
    const named = look.pictures ? pictures() : {};
    await visit('/account');
    for (const path of addresses()) {
      await walk(opened, path);
      titles.add(await page.title());
      for (const finding of await shape(page)) found.push(`${path} ${finding}`);
      for (const finding of await check(page)) found.push(`${path} ${finding}`);
      const name = named[path];
      if (name !== undefined) await pictureInBothThemes(page, `console-${name}`);
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await settled();
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) found.push(`${path} is ${over} px too wide for ${width}`);
      }
    }
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
    // It was there, and not still where it came from.
    expect(titles.size).toBeGreaterThan(25);
  },
  240_000,
);
