import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ApiError } from '@mcpnest/contract/client';
import { startProduct, until, type Product } from '../harness.ts';
import { makeCertificate } from '../servers/certificate.ts';
import { docker } from '../servers/hardened-container.ts';
import { allowEntries, buildEntries } from '../servers/hosted-images.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';

/** A real database on an address of this machine that containers reach, and the servers of the catalogue for it. */
const socket = inject('dockerSocket');
const params = { workspace: 'acme' };
const password = 'canary-8d02%e1';
const here =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
let postgres: Postgres;
let product: Product;
let port: number;
let target: string;

beforeAll(async () => {
  postgres = await startPostgres(here, makeCertificate(['db.example.com']));
  port = Number(new URL(postgres.url).port);
  target = `${here}:${port}`;
  await postgres.administer(`create role reader login password '${password}'`);
  await postgres.administer('grant pg_read_all_data to reader');
  const built = await buildEntries(socket, ['postgres', 'dbhub']);
  product = await startProduct({ env: { MCPNEST_RUNTIME: 'docker', MCPNEST_DOCKER_SOCKET: socket } });
  await allowEntries(product.client, built);
}, 600_000);
afterAll(async () => {
  const { items } = await product.client.hosted.list({ query: params });
  for (const { instance_id: instance } of items) await product.client.hosted.terminate({ params: { instance } });
  await until('nothing is left', async () => (await containersOf(items.map((each) => each.instance_id))) === 0, 30_000);
  await product[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
}, 60_000);

const url = (authority: string, more = ''): string =>
  `postgresql://reader:${encodeURIComponent(password)}@${authority}/postgres${more}`;
const deploy = async (slug: string, env: Record<string, string>): Promise<string> =>
  (await product.client.hosted.deploy({ body: { ...params, slug, env } })).instance_id;
const refusal = (slug: string, env: Record<string, string>): Promise<unknown> =>
  deploy(slug, env).catch((error: ApiError) => error.problem);
const show = (instance: string) => product.client.hosted.show({ params: { instance } });
const comesTo = (id: string, state: string): Promise<void> =>
  until(`${id} is ${state}`, async () => (await show(id)).state === state, 30_000).catch(async (cause: unknown) => {
    throw new Error(`It is not ${state}: ${JSON.stringify(await show(id))}`, { cause });
  });
const said = async (tool: string, args: object): Promise<string> => {
  await until(`${tool} is listed`, async () => (await product.toolNames()).includes(tool), 15_000);
  return JSON.stringify((await product.call(tool, args)).message);
};
const asked = async (args: readonly string[]): Promise<string> => (await docker(socket, args)).out.trim();
const containers = async (id: string): Promise<string[]> =>
  (await asked(['ps', '-aq', '--filter', `label=mcpnest.instance=${id}`])).split('\n').filter(Boolean);
const containersOf = async (ids: readonly string[]): Promise<number> =>
  (await Promise.all(ids.map(containers))).flat().length;
/** How a connection from inside an instance ends. */
const connecting = async (id: string, host: string, to: number): Promise<string> => {
  const name = await asked([
    'ps',
    '-q',
    '--filter',
    `label=mcpnest.instance=${id}`,
    '--filter',
    'label=mcpnest.role=workload',
  ]);
  const script = `const s = require('net').connect({ host: '${host}', port: ${to}, timeout: 1500 });
    s.on('connect', () => { console.log('connected'); s.destroy(); });
    s.on('error', (e) => console.log(e.code)).on('timeout', () => { console.log('timeout'); s.destroy(); });`;
  return asked(['exec', name, 'node', '-e', script]);
};

describe('a hosted server of a database', () => {
  const ids = new Map<string, string>();

  it('[HST-02][ORC-04] is not deployed for an address that nobody has opened', async () => {
    for (const [slug, key] of [
      ['postgres', 'DATABASE_URL'],
      ['dbhub', 'DSN'],
    ] as const) {
      expect(await refusal(slug, { [key]: url(target) })).toMatchObject({
        code: 'conflict',
        detail: expect.stringContaining(`mcpnest network allow ${target}`) as string,
      });
    }
    await product.client.network.allow({ body: { target, note: 'The shop’s database.' } });
    const beside = { DATABASE_URL: url(`${here}:${port + 1}`) };
    expect(await refusal('postgres', beside)).toMatchObject({ code: 'conflict' });
    expect((await product.client.hosted.list({ query: params })).items).toEqual([]);
  });

  it('[HST-01][BRG-08][ORC-07] answers queries with rows, through gateway and gate', async () => {
    ids.set('postgres', await deploy('postgres', { DATABASE_URL: url(target) }));
    ids.set('dbhub', await deploy('dbhub', { DSN: url(target, '?sslmode=disable') }));
    for (const id of ids.values()) await comesTo(id, 'running');
    expect(await said('query', { sql: 'select current_user as who, 40 + 2 as answer' })).toMatch(/reader.*42/s);
    expect(await said('execute_sql', { sql: 'select 50 + 1 as answer, current_user as who' })).toMatch(/51.*reader/s);
    expect(await show(ids.get('dbhub')!)).toMatchObject({ reaches: [target] });
  }, 90_000);

  it('[HST-02][ORC-04] speaks TLS with the database where its URL asks for it', async () => {
    const id = await deploy('dbhub', { DSN: url(target, '?sslmode=require') });
    await comesTo(id, 'running');
    const { server } = await show(id);
    await until('its tool is listed', async () => (await product.toolNames({ server })).length > 0, 15_000);
    const sql = 'select version as encryption from pg_stat_ssl where pid = pg_backend_pid()';
    const answer = await product.call('execute_sql', { sql }, { server });
    expect(JSON.stringify(answer.message)).toContain('TLSv1.3');
    await product.client.hosted.terminate({ params: { instance: id } });
  }, 60_000);

  it('[ORC-04] reaches that address under one name and port, and nothing else', async () => {
    const id = ids.get('postgres')!;
    expect(await connecting(id, 'reached-1.hosted.invalid', 15_432)).toBe('connected');
    for (const to of [port, 22, 15_433, 3128])
      expect(await connecting(id, 'reached-1.hosted.invalid', to)).not.toBe('connected');
    for (const to of [port, 22, 80]) expect(await connecting(id, here, to)).not.toBe('connected');
    expect(await connecting(id, 'example.com', 443)).not.toBe('connected');
  }, 60_000);

  it('[HST-10] its URL is in no answer, no log and no record of the engine', async () => {
    await said('query', { sql: 'select from nowhere' });
    const seen: unknown[] = [await product.client.hosted.list({ query: params })];
    seen.push(await product.client.hostedCatalogue.list({ params }), await product.client.auditEvents.list({ params }));
    for (const instance of ids.values()) {
      seen.push(await product.client.hosted.logs({ params: { instance }, query: {} }));
      for (const container of await containers(instance)) {
        const { out, errors } = await docker(socket, ['logs', container]);
        seen.push(await asked(['inspect', container]), out, errors);
      }
    }
    const text = JSON.stringify(seen);
    expect(text).toContain(target);
    for (const secret of [password, encodeURIComponent(password)]) expect(text).not.toContain(secret);
  });

  it('[ORC-04] stops when the address is closed, and runs again when it is opened', async () => {
    const id = ids.get('postgres')!;
    await product.client.network.revoke({ params: { target } });
    await comesTo(id, 'stopped');
    expect((await show(id)).headline).toContain(`mcpnest network allow ${target}`);
    await until('its containers are gone', async () => (await containers(id)).length === 0, 30_000);
    await product.client.network.allow({ body: { target } });
    await comesTo(id, 'running');
    expect(await said('query', { sql: 'select 60 + 2 as answer' })).toContain('62');
  }, 90_000);
});
