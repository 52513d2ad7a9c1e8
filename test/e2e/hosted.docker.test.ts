import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import { docker } from '../servers/hardened-container.ts';
import { allowEntries, buildEntries } from '../servers/hosted-images.ts';

/** The whole of it, on an engine: images as an operator builds them, servers as a person deploys them. */
const socket = inject('dockerSocket');
const params = { workspace: 'acme' };
let product: Product;

beforeAll(async () => {
  const built = await buildEntries(socket, ['filesystem', 'memory', 'everything']);
  product = await startProduct({ env: { MCPNEST_RUNTIME: 'docker', MCPNEST_DOCKER_SOCKET: socket } });
  await allowEntries(product.client, built);
}, 600_000);
afterAll(async () => {
  const { items } = await product.client.hosted.list({ query: params });
  for (const { instance_id: instance } of items) await product.client.hosted.terminate({ params: { instance } });
  for (const { instance_id: id } of items)
    await until('nothing is left', async () => (await ofInstance(id)) === 0, 30_000);
  await product[Symbol.asyncDispose]();
}, 60_000);

const deploy = async (slug: string): Promise<string> =>
  (await product.client.hosted.deploy({ body: { ...params, slug } })).instance_id;
const show = (instance: string) => product.client.hosted.show({ params: { instance } });
const comesTo = async (id: string, state: string): Promise<void> => {
  await until(`${id} is ${state}`, async () => (await show(id)).state === state, 30_000).catch(
    async (cause: unknown) => {
      const { state: is, headline } = await show(id);
      throw new Error(`${id} is ${is} (${headline}), not ${state}`, { cause });
    },
  );
};
const asked = async (args: readonly string[]): Promise<string> => (await docker(socket, args)).out.trim();
const lines = (text: string): string[] => text.split('\n').filter(Boolean);

/** Containers and networks of an instance. */
async function ofInstance(id: string): Promise<number> {
  const filter = ['--filter', `label=mcpnest.instance=${id}`, '-q'];
  const found = await Promise.all([asked(['ps', '-a', ...filter]), asked(['network', 'ls', ...filter])]);
  return found.flatMap(lines).length;
}

const said = async (tool: string, args: object): Promise<string> =>
  JSON.stringify((await product.call(tool, args)).message);

/** As the orchestrator records it after so many minutes without a call. */
function fallsAsleep(id: string): void {
  const database = new DatabaseSync(join(product.dataDir, 'mcpnest.db'));
  database.exec(
    `update hosted_workloads set state = 'sleeping', since = strftime('%Y-%m-%dT%H:%M:%fZ'), host = null, port = null, revision = revision + 1 where instance_id = '${id}'`,
  );
  database.close();
}

/** How the engine names the state of its container. */
const statusOf = (id: string): Promise<string> => {
  const filter = ['--filter', `label=mcpnest.instance=${id}`, '--filter', 'label=mcpnest.role=workload'];
  return asked(['ps', '-a', '--format', '{{.State}}', ...filter]);
};

const medianOf = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;

describe('servers of the catalogue, deployed', () => {
  const ids = new Map<string, string>();

  it('[HST-01][HST-03][HST-06][ORC-01][ORC-06] come to run with one request each, and their tools are listed', async () => {
    for (const slug of ['filesystem', 'memory', 'everything']) ids.set(slug, await deploy(slug));
    for (const id of ids.values()) await comesTo(id, 'running');
    const wanted = ['write_file', 'create_entities', 'echo'];
    await until(
      'all tools are listed',
      async () => {
        const names = await product.toolNames();
        return wanted.every((tool) => names.includes(tool));
      },
      15_000,
    );
  }, 90_000);

  it('[ORC-07] answer calls through the gateway, which are on record like any other', async () => {
    expect(await said('write_file', { path: '/workspace/a.txt', content: 'six eggs' })).toContain('Successfully wrote');
    expect(await said('read_text_file', { path: '/workspace/a.txt' })).toContain('six eggs');
    expect(await said('read_text_file', { path: '/etc/passwd' })).toMatch(/denied|outside/);
    const entities = [{ name: 'nest', entityType: 'thing', observations: ['warm'] }];
    expect(await said('create_entities', { entities })).toContain('nest');
    expect(await said('echo', { message: 'hello' })).toContain('Echo: hello');
    const rows = (await product.calls()).filter(({ outcome }) => outcome === 'ok');
    expect(new Set(rows.map(({ server_slug: slug }) => slug))).toEqual(new Set(ids.keys()));
  });

  it('[ORC-04][ORC-05] run confined, as large as their profile says, with no secret in the engine’s records', async () => {
    const id = ids.get('filesystem')!;
    const filter = ['--filter', `label=mcpnest.instance=${id}`, '--filter', 'label=mcpnest.role=workload'];
    const [container] = lines(await asked(['ps', '-q', ...filter]));
    const record = await asked(['inspect', container!]);
    const { HostConfig, Config, Mounts } = (JSON.parse(record) as Record<string, Record<string, unknown>>[])[0]!;
    expect(HostConfig).toMatchObject({
      CapDrop: ['ALL'],
      CapAdd: [],
      Privileged: false,
      ReadonlyRootfs: true,
      SecurityOpt: ['no-new-privileges'],
      Memory: 256 * 1024 ** 2,
      MemorySwap: 256 * 1024 ** 2,
      NanoCpus: 250_000_000,
      PidsLimit: 128,
      PortBindings: {},
      RestartPolicy: { Name: 'no' },
    });
    expect(Config).toMatchObject({ User: '10001:10001' });
    expect(Mounts).toEqual([]);
    const database = new DatabaseSync(join(product.dataDir, 'mcpnest.db'), { readOnly: true });
    const stored = database.prepare('select token from hosted_instances where id = ?').get(id);
    database.close();
    expect(String(stored?.['token'])).toMatch(/./);
    expect(record).not.toMatch(/Bearer|"token"/);
  });

  it('[HST-04][HST-07] can be listened to', async () => {
    const instance = ids.get('memory')!;
    const shown = await product.client.hosted.logs({ params: { instance }, query: {} });
    expect(shown.lines.map(({ text }) => text).join('\n')).toMatch(/running on stdio/i);
  });

  it('sleep paused, and a call wakes one within a second, with all it remembers', async () => {
    const id = ids.get('memory')!;
    const took: number[] = [];
    for (let round = 0; round < 5; round++) {
      fallsAsleep(id);
      await until('it is paused', async () => (await statusOf(id)) === 'paused', 20_000);
      const began = performance.now();
      expect(await said('read_graph', {})).toContain('nest');
      took.push(performance.now() - began);
    }
    console.info(`woken in ${took.map(Math.round).join(', ')} ms`);
    expect(medianOf(took)).toBeLessThan(1_000);
  }, 120_000);

  it('that slept for long are removed, and a call starts one anew', async () => {
    const id = ids.get('memory')!;
    const hosting = (pausedMinutes: number) =>
      product.client.workspaces.update({ params, body: { settings: { hosting: { pausedMinutes } } } });
    fallsAsleep(id);
    await until('it is paused', async () => (await statusOf(id)) === 'paused', 20_000);
    await hosting(0);
    await until('it is gone', async () => (await ofInstance(id)) === 0, 20_000);
    expect((await show(id)).state).toBe('sleeping');
    const graph = await said('read_graph', {});
    expect(graph).toContain('entities');
    expect(graph).not.toContain('nest');
    await hosting(60);
  }, 60_000);

  it('[HST-08] leave nothing when they are ended', async () => {
    const all = [...ids.values()];
    for (const instance of all) await product.client.hosted.terminate({ params: { instance } });
    for (const id of all) await until(`nothing of ${id} is left`, async () => (await ofInstance(id)) === 0, 30_000);
    expect(await product.toolNames()).toEqual([]);
    expect((await product.client.servers.list({ params })).items).toEqual([]);
    const database = new DatabaseSync(join(product.dataDir, 'mcpnest.db'), { readOnly: true });
    for (const table of ['hosted_instances', 'hosted_secrets', 'hosted_workloads'])
      expect([table, database.prepare(`select count(*) as rows from ${table}`).get()]).toEqual([table, { rows: 0 }]);
    database.close();
  }, 60_000);
});

it('[HST-05] from the click to a server that runs and is healthy it takes three seconds at most', async () => {
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const id = await deploy('filesystem');
    await comesTo(id, 'running');
    const answers = async () => (await said('list_allowed_directories', {})).includes('/workspace');
    await until('a call is answered', answers, 15_000);
    took.push(performance.now() - began);
    await product.client.hosted.terminate({ params: { instance: id } });
    await until('nothing is left', async () => (await ofInstance(id)) === 0, 30_000);
  }
  console.info(`deployed in ${took.map(Math.round).join(', ')} ms`);
  expect(medianOf(took)).toBeLessThan(3_000);
}, 120_000);
