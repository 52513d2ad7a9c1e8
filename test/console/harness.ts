import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@mcpnest/contract/client';
import type { Role } from '@mcpnest/contract/operation';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { ensureConsole } from '../../scripts/console/ensure.ts';
import { root } from '../../scripts/lib/tool.ts';
import { startProduct } from '../harness.ts';
import type { Product, ProductOptions } from '../harness.ts';

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
   * A page of a browser of its own. Whatever it asks of another origin, every violation of its policy and every
   * error it prints is a fault; `faults` has them.
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
  return {
    product,
    people,
    open: (options) => openPage(product, browser, people, options),
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

async function openPage(
  product: Product,
  browser: Browser,
  people: ConsoleBench['people'],
  { as = 'ada', theme = 'light' }: OpenOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    colorScheme: theme,
    reducedMotion: 'reduce',
    viewport: { width: 1360, height: 860 },
  });
  const page = await context.newPage();
  if (as !== null) {
    // Of the same origin, and without a page that would go on by itself once there is a session.
    await page.goto(`${product.url}/healthz`);
    await signIn(page, people[as]);
  }
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  await watchFaults(page, product.url, faults);
  return {
    page,
    faults,
    async visit(path) {
      await page.goto(product.url + path);
      await page.locator('h1').waitFor();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
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

/** Write down whatever a page does that it must not. */
export async function watchFaults(page: Page, origin: string, faults: string[]): Promise<void> {
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`asks ${url}`);
  });
  page.on('pageerror', (error) => faults.push(`throws ${error.message}`));
  page.on('console', (message) => {
    // The browser itself reports each answer that is an error; whether that is a fault, the test knows.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(`prints ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`),
    );
  });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page by WCAG 2.2 A and AA: one line for each rule and place. */
export async function axe(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe: runner } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const options = { runOnly: { type: 'tag', values }, resultTypes: ['violations'] };
    return (await runner.run(options)).violations;
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.split('\n')[1] ?? ''}`),
  );
}

/** Write a picture into docs/images, when MCPNEST_SCREENSHOTS asks for it; tests leave the tree alone otherwise. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['MCPNEST_SCREENSHOTS'] === undefined) return;
  await page.screenshot({ path: join(root, 'docs/images', `${name}.png`) });
}

/** A client of somebody, for what a test prepares. */
export const clientOf = ({ product }: ConsoleBench, { key }: Person): ReturnType<typeof createClient> =>
  createClient({ baseUrl: product.url, apiKey: key });
