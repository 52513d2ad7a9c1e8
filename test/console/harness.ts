import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@mcpnest/contract/client';
import type { Role } from '@mcpnest/contract/operation';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ensureConsole } from '../../scripts/console/ensure.ts';
import { root } from '../../scripts/lib/tool.ts';
import { startProduct } from '../harness.ts';
import type { Product, ProductOptions } from '../harness.ts';
import { send } from '../http.ts';
import { watchFaults, watchRequests } from './watch.ts';

export type PersonName = 'ada' | 'bo' | 'cy';

interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly password: string;
  readonly key: string;
}

/** A running product with people, and a browser to look at it with. */
export interface ConsoleBench extends AsyncDisposable {
  readonly product: Product;
  readonly people: Readonly<Record<PersonName, Person>>;
  /**
   * A fresh page in the browser of somebody, who is signed in. Whatever it asks of another origin, every violation
   * of its policy and every error it prints is a fault; `faults` has them.
   */
  open(options?: OpenOptions): Promise<OpenPage>;
}

export interface OpenOptions {
  /** Null: nobody is signed in. */
  readonly as?: PersonName | null;
  readonly theme?: 'light' | 'dark';
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly faults: readonly string[];
  /** Go to a path and wait until the page has its heading. */
  visit(path: string): Promise<void>;
  /** Wait until everything that was asked for is there and drawn; streams that stay open are not waited for. */
  settled(): Promise<void>;
}

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Build the console if need be, start the product, add people, start the browser. One for each test file. */
export async function startConsoleBench(options?: ProductOptions): Promise<ConsoleBench> {
  await ensureConsole();
  const product = await startProduct(options);
  const browser = await startBrowser();
  const people = await addPeople(product);
  const contexts = new Map<PersonName, BrowserContext>();
  return {
    product,
    people,
    open: (options) => openPage({ product, browser, people, contexts }, options),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await product[Symbol.asyncDispose]();
    },
  };
}

/** A browser of its own. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });

async function addPeople({ client, workspace, apiKey, url }: Product): Promise<Record<PersonName, Person>> {
  const params = { workspace };
  const { items } = await client.members.list({ params });
  const owner = items[0];
  if (owner === undefined) throw new Error('a bootstrapped workspace has an owner');
  const nobody = createClient({ baseUrl: url });
  const choosePassword = async (email: string): Promise<string> => {
    const { link } = await client.people.resetLink({ params: { email } });
    const password = `the password of ${email}`;
    await nobody.passwordReset.create({ body: { key: link.split('#k=')[1], password } });
    return password;
  };
  const add = async (name: string, role: Role): Promise<Person> => {
    const email = `${name.toLowerCase()}@example.com`;
    const { userId } = await client.members.add({ params, body: { email, name, role } });
    const { secret } = await client.apiKeys.issue({ params, body: { email, role, label: name } });
    return { id: userId, email, name, role, password: await choosePassword(email), key: secret };
  };
  const { userId, email } = owner;
  const ada: Person = {
    ...{ id: userId, email, name: 'Ada', role: 'owner', key: apiKey },
    password: await choosePassword(email),
  };
  return { ada, bo: await add('Bo', 'admin'), cy: await add('Cy', 'member') };
}

interface Parts {
  readonly product: Product;
  readonly browser: Browser;
  readonly people: ConsoleBench['people'];
  /** Of each person who has been there: a browser of their own, which keeps what it has loaded. */
  readonly contexts: Map<PersonName, BrowserContext>;
}

async function openPage(parts: Parts, { as = 'ada', theme = 'light' }: OpenOptions = {}): Promise<OpenPage> {
  const { product } = parts;
  const context = as === null ? await newContext(parts) : await contextOf(as, parts);
  const page = await context.newPage();
  const origin = { origin: product.url, storageTypes: 'local_storage' };
  await (await context.newCDPSession(page)).send('Storage.clearDataForOrigin', origin);
  await page.emulateMedia({ colorScheme: theme });
  page.setDefaultTimeout(15_000);
  const popups: Page[] = [];
  page.on('popup', (popup) => popups.push(popup));
  const faults: string[] = [];
  await watchFaults(page, product.url, faults);
  const settled = watchRequests(page);
  return {
    page,
    faults,
    async visit(path) {
      await page.goto(product.url + path);
      await page.locator('h1').waitFor();
    },
    settled,
    async [Symbol.asyncDispose]() {
      if (as === null) return context.close();
      for (const each of [...popups, page]) await each.close();
    },
  };
}

const newContext = ({ browser }: Parts): Promise<BrowserContext> =>
  browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1360, height: 860 } });

/** The browser of somebody, signed in; anew where that session has ended. */
async function contextOf(as: PersonName, parts: Parts): Promise<BrowserContext> {
  const { product, people, contexts } = parts;
  const context = contexts.get(as) ?? (await newContext(parts));
  contexts.set(as, context);
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const { status } = await send(`${product.url}/api/v1/session`, { method: 'GET', headers: { cookie } });
  if (status === 200) return context;
  const page = await context.newPage();
  // Of the same origin, and without a page that would go on by itself once there is a session.
  await page.goto(`${product.url}/healthz`);
  await signIn(page, people[as]);
  await page.close();
  return context;
}

/** Sign in as a person does, and let the browser keep the cookie. */
async function signIn(page: Page, { email, password }: Person): Promise<void> {
  const status = await page.evaluate(async (body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch('/api/v1/session', { method: 'POST', headers, body });
    return response.status;
  }, JSON.stringify({ email, password }));
  if (status !== 201) throw new Error(`signing in as ${email} was answered with ${status}`);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = {
  runOnly: {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  },
};
/** All that axe looks at that a theme can change. */
const colourRules = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } };

/** What axe finds on the page by WCAG 2.2 A and AA: one line for each rule and place. */
export const axe = (page: Page): Promise<string[]> => runAxe(page, rules);

/** The same in both themes: everything in the one that is shown, and in the other what its colours can change. */
export async function axeInBothThemes(page: Page): Promise<string[]> {
  const found = await axe(page);
  const shown = await page.evaluate(() => document.documentElement.dataset['theme']);
  const other = shown === 'dark' ? 'light' : 'dark';
  await showTheme(page, other);
  for (const finding of await runAxe(page, colourRules)) found.push(`in ${other}: ${finding}`);
  await showTheme(page, other === 'dark' ? 'light' : 'dark');
  return found;
}

/** As when the system of whoever looks changes its theme. */
async function showTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.waitForFunction((wanted) => document.documentElement.dataset['theme'] === wanted, theme);
  // Colours of one element may follow those of another, each a frame later.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 12; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
}

async function runAxe(page: Page, options: object): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const violations = await page.evaluate(
    async (given) => {
      const { axe: runner } = globalThis as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      };
      return (await runner.run(given)).violations;
    },
    { ...options, resultTypes: ['violations'] },
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.split('\n')[1] ?? ''}`),
  );
}

/** Write a picture into docs/images, when MCPNEST_SCREENSHOTS asks for it; tests leave the tree alone otherwise. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['MCPNEST_SCREENSHOTS'] === undefined) return;
  await page.screenshot({ path: join(root, 'docs/images', `${name}.png`) });
}

/** One in each theme, named after it, the light one last. */
export async function pictureInBothThemes(page: Page, name: string): Promise<void> {
  if (process.env['MCPNEST_SCREENSHOTS'] === undefined) return;
  for (const theme of ['dark', 'light'] as const) {
    await showTheme(page, theme);
    await screenshot(page, `${name}-${theme}`);
  }
}

/** A client of somebody, for what a test prepares. */
export const clientOf = ({ product }: ConsoleBench, { key }: Person): ReturnType<typeof createClient> =>
  createClient({ baseUrl: product.url, apiKey: key });
