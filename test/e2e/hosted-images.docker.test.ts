import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { catalogue } from '../../packages/server/src/domain/hosted/catalogue.ts';
import type { CatalogueEntry } from '../../packages/server/src/domain/hosted/entry.ts';
import { mcpnest } from '../cli.ts';
import { askInside, docker, hardening, type Answers } from '../servers/hardened-container.ts';

const socket = inject('dockerSocket');
const run = `mcpnest-test-${randomBytes(4).toString('hex')}`;
const token = 'token-of-the-instance-5b1f';
const cache = join(import.meta.dirname, '../../.runtime/images');

interface Built {
  readonly image: string;
  readonly digest: string;
  readonly entry: string;
  readonly sbom: string;
  readonly bytes: number;
}
const built = new Map<string, Built>();

const build = async (): Promise<Built[]> => {
  const args = ['image', 'build', '--all', '--socket', socket, '--prefix', `${run}/`, '--cache', cache, '--json'];
  const { PATH = '', HOME = '' } = process.env;
  const { code, out, err } = await mcpnest(args, { PATH, HOME });
  expect([code, code === 0 ? '' : err]).toEqual([0, '']);
  return (JSON.parse(out) as { items: Built[] }).items;
};

beforeAll(async () => {
  for (const item of await build()) built.set(item.entry, item);
}, 900_000);

afterAll(async () => {
  const containers = (await docker(socket, ['ps', '-aq', '--filter', `name=^${run}-`])).out
    .split(/\s+/)
    .filter(Boolean);
  if (containers.length > 0) await docker(socket, ['rm', '-f', ...containers]);
  const tags = (await docker(socket, ['images', `${run}/*/*`, '--format', '{{.Repository}}:{{.Tag}}'])).out;
  await docker(socket, ['rmi', ...tags.split(/\s+/).filter(Boolean)]);
}, 120_000);

const find = (slug: string): CatalogueEntry => catalogue.find((entry) => entry.slug === slug)!;
const document = (entry: CatalogueEntry, env: Record<string, string>): string =>
  `${JSON.stringify({
    command: entry.command.map((word) => (typeof word === 'string' ? word : (env[word.variable] ?? ''))),
    env,
    token,
  })}\n`;

/** Start an instance by digest and have it told its secrets; it goes on without a terminal. */
async function start(slug: string, env: Record<string, string> = {}, more: readonly string[] = []): Promise<string> {
  const entry = find(slug);
  const name = `${run}-${slug}-${randomBytes(3).toString('hex')}`;
  const options = [...hardening(entry), ...more, '--name', name, '-i', built.get(slug)!.digest];
  const created = await docker(socket, ['create', ...options]);
  expect([created.code, created.errors]).toEqual([0, '']);
  void docker(socket, ['start', '-ai', name], document(entry, env));
  return name;
}

async function ask(slug: string, calls: [string, object][] = [], env: Record<string, string> = {}): Promise<Answers> {
  const name = await start(slug, env);
  // Nothing but a running container can be asked.
  for (let tries = 0; tries < 100; tries++) {
    if ((await docker(socket, ['inspect', '-f', '{{.State.Running}}', name])).out.trim() === 'true') break;
  }
  try {
    return await askInside(socket, name, { token, calls });
  } finally {
    await docker(socket, ['rm', '-f', name]);
  }
}

const dummy: Readonly<Record<string, Record<string, string>>> = {
  postgres: { DATABASE_URL: 'postgresql://reader:canary-77aa@127.0.0.1:1/shop' },
  slack: { SLACK_BOT_TOKEN: 'xoxb-dummy', SLACK_TEAM_ID: 'T0000' },
  'brave-search': { BRAVE_API_KEY: 'dummy-key' },
  'brave-search-official': { BRAVE_API_KEY: 'dummy-key' },
  dbhub: { DSN: 'sqlite:///:memory:' },
};

const calls: Readonly<Record<string, readonly (readonly [tool: string, args: object, answer: RegExp])[]>> = {
  filesystem: [
    ['write_file', { path: '/workspace/note.txt', content: 'kept for now' }, /Successfully wrote/],
    ['read_text_file', { path: '/workspace/note.txt' }, /kept for now/],
    ['read_text_file', { path: '/etc/passwd' }, /outside allowed|denied/],
  ],
  memory: [
    ['create_entities', { entities: [{ name: 'nest', entityType: 'thing', observations: ['warm'] }] }, /nest/],
    ['read_graph', {}, /warm/],
  ],
  sqlite: [
    ['execute', { sql: 'CREATE TABLE birds (name TEXT)' }, /success|changes/i],
    ['execute', { sql: "INSERT INTO birds VALUES ('wren')" }, /success|changes/i],
    ['query', { sql: 'SELECT name FROM birds' }, /wren/],
  ],
  everything: [
    ['echo', { message: 'hello' }, /Echo: hello/],
    ['get-env', {}, /^(?!.*token-of-the-instance)(?!.*MCP_).*"PATH"/s],
  ],
  'sequential-thinking': [
    [
      'sequentialthinking',
      { thought: 'first', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      /"thoughtNumber": ?1/,
    ],
  ],
  dbhub: [['execute_sql', { sql: 'SELECT 40 + 2 AS answer' }, /42/]],
  playwright: [
    ['browser_navigate', { url: 'data:text/html,<title>Nest</title><h1>six eggs</h1>' }, /Nest/],
    ['browser_snapshot', {}, /six eggs/],
  ],
  puppeteer: [
    ['puppeteer_navigate', { url: 'data:text/html,<h1>six eggs</h1>' }, /Navigated/],
    ['puppeteer_evaluate', { script: 'document.body.innerText' }, /six eggs/],
  ],
};

describe('images of the catalogue, each with no network, no capability and nothing to write to', () => {
  it.each(catalogue.map(({ slug }) => slug))(
    '[BRG-08][BRG-09][HST-12] %s starts, lists its tools and is used',
    async (slug) => {
      const wanted = calls[slug] ?? [];
      const answers = await ask(
        slug,
        wanted.map(([tool, args]) => [tool, args]),
        dummy[slug],
      );
      expect(answers.tools.toSorted()).toEqual(
        find(slug)
          .toolClasses.map(([tool]) => tool)
          .toSorted(),
      );
      for (const [index, [, , answer]] of wanted.entries()) expect(answers.said[index]).toMatch(answer);
      expect(answers.withoutToken).toBe(401);
      expect(answers.written).toBe('EROFS');
      expect(answers.interfaces).toEqual(['lo']);
      expect(answers.sbom).toBe(readFileSync(built.get(slug)!.sbom, 'utf8'));
      const { processes } = answers;
      expect(processes.length).toBeGreaterThanOrEqual(2);
      expect(new Set(processes.map(({ uid }) => uid))).toEqual(new Set(['10001\t10001\t10001\t10001']));
      const [bridge, server] = ['/opt/bridge/', '/opt/server/'].map((part) =>
        processes.find(({ command }) => command.includes(part) && !command.includes('init')),
      );
      expect(server?.input).not.toBe(bridge?.input);
    },
    120_000,
  );

  it.each([
    ['slack', /SLACK_BOT_TOKEN and SLACK_TEAM_ID/],
    ['brave-search', /BRAVE_API_KEY environment variable is required/],
    ['brave-search-official', /BRAVE_API_KEY|api key/i],
  ] as const)(
    '[BRG-07] %s without its keys ends with an error that says so',
    async (slug, reason) => {
      const options = [...hardening(find(slug)), '--name', `${run}-no-keys-${slug}`, '-i', built.get(slug)!.digest];
      const { code, errors } = await docker(socket, ['run', ...options], document(find(slug), {}));
      expect(code).toBe(1);
      expect(errors).toMatch(/^error: /m);
      expect(errors).toMatch(reason);
    },
    60_000,
  );

  it('[BRG-02][BRG-07] ends with an error when it is told nothing that it can use, and shows none of it', async () => {
    const entry = find('memory');
    const options = [...hardening(entry), '--name', `${run}-wrong`, '-i', built.get('memory')!.digest];
    const ended = await docker(socket, ['run', ...options], '{"command":["canary-19ce"],"env":{},"shell":true}\n');
    expect(ended.code).toBe(1);
    expect(ended.errors).toMatch(/^error: MCP_BRIDGE_SECRETS has members besides command, env and token/m);
    expect(ended.out + ended.errors).not.toContain('canary-19ce');
  }, 60_000);

  it('[BRG-10] has a health check that finds it healthy, and no secret in the records of the engine', async () => {
    const name = await start('postgres', dummy['postgres'], ['--health-interval', '1s']);
    let health = '';
    for (let tries = 0; tries < 150 && health !== 'healthy'; tries++) {
      health = (await docker(socket, ['inspect', '-f', '{{.State.Health.Status}}', name])).out.trim();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const records = (await docker(socket, ['inspect', name])).out + (await docker(socket, ['logs', name])).out;
    await docker(socket, ['rm', '-f', name]);
    expect(health).toBe('healthy');
    expect(records).toContain('mcpnest-bridge.mjs');
    expect(records).not.toContain(token);
    expect(records).not.toContain('canary-77aa');
  }, 60_000);

  it('[ORC-03] are built once: the second time all comes from the cache, under the same digests', async () => {
    const started = performance.now();
    const again = await build();
    expect(again.map(({ digest }) => digest)).toEqual([...built.values()].map(({ digest }) => digest));
    expect(performance.now() - started).toBeLessThan(120_000);
  }, 180_000);
});
