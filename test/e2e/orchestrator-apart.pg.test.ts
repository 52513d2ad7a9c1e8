import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ApiError } from '@mcpnest/contract/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../packages/server/src/domain/hosted/entries.contract.ts';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import { systemClock } from '../../packages/server/src/platform/clock.ts';
import { openPostgres } from '../../packages/server/src/platform/database/postgres.ts';
import { callKeyPurpose, signCall } from '../../packages/server/src/platform/orchestrator-call/call.ts';
import { createLocalVault } from '../../packages/server/src/platform/vault/local-key.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { testCatalogue } from '../orchestrator-process.ts';
import { startProcessEngine, type ProcessEngine } from '../process-engine.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

/** Control and gateway here, the orchestrator in a process of its own, the engine beside both. */
const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const program = fileURLToPath(new URL('../orchestrator-process.ts', import.meta.url));
const stack = new AsyncDisposableStack();
const params = { workspace: 'acme' };
let product: Product;
let postgres: Postgres;
let engine: ProcessEngine;
let dir: string;
let socketPath: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  postgres = stack.use(await startPostgres());
  engine = stack.use(await startProcessEngine());
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-apart-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const between = mkdtempSync(join(tmpdir(), 'mcpnest-between-'));
  stack.defer(() => rmSync(between, { recursive: true }));
  chmodSync(between, 0o750);
  socketPath = join(between, 'orchestrator.sock');
  const env = { DATABASE_URL: postgres.url };
  const bootstrap = [cli, 'bootstrap', '--json', '--workspace', 'Acme'];
  const { stdout } = await promisify(execFile)(process.execPath, bootstrap, {
    env: { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: dir },
  });
  const made = JSON.parse(stdout) as { apiKey: string; workspaceToken: string; workspace: string };
  const roles = {
    MCPNEST_ROLES: 'control,gateway',
    MCPNEST_RUNTIME: 'docker',
    MCPNEST_ORCHESTRATOR_SOCKET: socketPath,
  };
  product = stack.use(
    await startProduct({
      data: { dir, ...made, [Symbol.dispose]: () => {} },
      env: { ...env, ...roles },
      hosting: {
        catalogue: testCatalogue,
        openRuntime: () => Promise.reject(new Error('this process has no runtime')),
      },
    }),
  );
  for (const { image } of testCatalogue)
    await product.client.hostedImages.allow({ body: { image, digest: digestOf('a') } });
  await product.client.workspaces.update({ params, body: { settings: { hosting: { orchestratorEnabled: true } } } });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await stack.disposeAsync();
});

/** @returns what it said when it ended without being ready */
async function orchestrate(more: Readonly<Record<string, string>> = {}): Promise<string | undefined> {
  const env = {
    ...nodeEnvironment,
    DATABASE_URL: postgres.url,
    MCPNEST_ROLES: 'orchestrator',
    MCPNEST_RUNTIME: 'docker',
    MCPNEST_SECRET_KEY_FILE: join(dir, 'secret.key'),
    MCPNEST_ORCHESTRATOR_SOCKET: socketPath,
    MCPNEST_TEST_ENGINE: engine.url,
    ...more,
  };
  const started = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: tmpdir() });
  let said = '';
  started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ready = new Promise<true>((resolve) => {
    started.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()).includes('"msg":"ready"') && resolve(true));
  });
  if ((await Promise.race([ready, once(started, 'exit')])) !== true) return said;
  child = started;
  return undefined;
}

async function kill(): Promise<void> {
  const gone = once(child!, 'exit');
  child!.kill('SIGKILL');
  await gone;
}

const deploy = async (slug: string): Promise<string> =>
  (await product.client.hosted.deploy({ body: { ...params, slug, env: {} } })).instance_id;
const stateOf = async (instance: string): Promise<string> =>
  (await product.client.hosted.show({ params: { instance } })).state;
const logsOf = (instance: string) => product.client.hosted.logs({ params: { instance }, query: { tail: 50 } });
const problemOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: ApiError) => error.problem,
  );
const echo = async (server: string): Promise<string> =>
  JSON.stringify((await product.call('echo', { message: 'hello' }, { server })).message);

/** Ask the socket as the gateway's process could: with its key, for whatever it likes. */
function ask(path: string, body: string, method = 'POST', signedFor = path): Promise<{ status: number; text: string }> {
  const key = createLocalVault(new Secret(readFileSync(join(dir, 'secret.key'), 'utf8').trim())).deriveKey(
    callKeyPurpose,
  );
  const authorization = signCall(key, systemClock, signedFor as '/logs', body);
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method, headers: { authorization }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, text })).on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

describe('an orchestrator in a process of its own', { timeout: 90_000 }, () => {
  let id: string;

  it('[ORC-08] is not needed for anything but hosted servers', async () => {
    await using upstream = await startEchoUpstream();
    await product.addServer({ slug: 'remote', url: upstream.url });
    id = await deploy('everything');
    expect(await problemOf(logsOf(id))).toMatchObject({
      status: 503,
      detail: expect.stringMatching(/orchestrator is away.*started again/) as string,
    });
    expect((await product.call('echo', {}, { server: 'remote' })).status).toBe(200);
    await product.client.servers.remove({ params: { ...params, server: 'remote' } });
  });

  it('[ORC-01] makes what was wanted while it was not there, with no way in but its socket', async () => {
    expect(await orchestrate()).toBeUndefined();
    await until('it runs', async () => (await stateOf(id)) === 'running', 40_000);
    await until('it is called', async () => (await echo('everything')).includes('Echo: hello'), 40_000);
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
    expect(listeningPorts(child!.pid!)).toEqual([]);
    expect((await ask('/readyz', '', 'GET')).status).toBe(200);
    expect((await ask('/metrics', '', 'GET')).text).toContain('mcpnest_ready 1');
  });

  it('[HST-04][HST-07] is asked what servers write', async () => {
    const { lines } = await logsOf(id);
    expect(lines.some(({ text }) => text.includes('Starting default (STDIO) server'))).toBe(true);
    const stream = await product.client.hosted.follow({ params: { instance: id } });
    const reader = stream.body.getReader();
    let text = '';
    while (!text.includes('Starting default')) text += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
  });

  it('hears within a second of a call to one that sleeps, and the call of what came of it', async () => {
    await using database = openPostgres(new Secret(postgres.url));
    const took: number[] = [];
    for (let round = 0; round < 3; round++) {
      // As the orchestrator records it after so many minutes without a call.
      await database.db
        .updateTable('hosted_workloads')
        .set((row) => ({
          ...{ state: 'sleeping', since: new Date().toISOString(), host: null, port: null },
          revision: row('revision', '+', 1),
        }))
        .where('instance_id', '=', id)
        .execute();
      await until('it is paused', async () => engine.runtime.runs.get(id)!.paused, 20_000);
      const began = performance.now();
      expect(await echo('everything')).toContain('Echo: hello');
      took.push(performance.now() - began);
    }
    expect(took.toSorted((a, b) => a - b)[1], `${took.map(Math.round).join(', ')} ms`).toBeLessThan(1_000);
  });

  it('[ORC-08] when it is killed calls go on, and it goes on where it was when it comes back', async () => {
    const pid = engine.runtime.pidOf(id);
    await kill();
    expect(await echo('everything')).toContain('Echo: hello');
    expect(await problemOf(logsOf(id))).toMatchObject({ status: 503 });
    const second = await deploy('second');
    expect(await stateOf(second)).toBe('pending');
    expect(await orchestrate()).toBeUndefined();
    // The lease of the killed one has to run out.
    await until('the second runs', async () => (await stateOf(second)) === 'running', 40_000);
    expect(engine.runtime.pidOf(id)).toBe(pid);
    expect((await logsOf(id)).lines).not.toEqual([]);
    for (const instance of [id, second]) await product.client.hosted.terminate({ params: { instance } });
    await until('nothing is left', async () => engine.runtime.runs.size === 0, 40_000);
  });

  it('refuses to be a second one at the socket, and to work with another key', async () => {
    expect(await orchestrate()).toMatch(/cannot be listened on/);
    const instance = await deploy('everything');
    const other = {
      MCPNEST_SECRET_KEY_FILE: '',
      MCPNEST_SECRET_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
    };
    expect(await orchestrate(other)).toMatch(/secret key is not the one/);
    await product.client.hosted.terminate({ params: { instance } });
  });
});

describe('[ORC-02][ORC-04] with all that the gateway’s process has', { timeout: 90_000 }, () => {
  it('no verb but those for lines is answered, and none starts anything', async () => {
    const before = engine.runtime.started.length;
    const asked = JSON.stringify({ instance: 'a', lines: 1 });
    for (const path of [
      '/',
      '/start',
      '/stop',
      '/remove',
      '/containers/create',
      '/v1.41/containers/create',
      '/logs/',
      '/logs?x',
      '//logs',
      '/../start',
    ])
      expect([path, (await ask(path, asked)).status]).toEqual([path, 404]);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH'])
      expect((await ask('/logs', asked, method)).status).toBe(405);
    const bodies: unknown[] = [
      ...[
        null,
        [],
        'x',
        {},
        { instance: 'a' },
        { lines: 1 },
        { instance: 'a', lines: 0 },
        { instance: 'a', lines: 51 },
      ],
      ...['../x', 'a/b', '', 'a'.repeat(65), 7, ['a'], { a: 1 }].map((instance) => ({ instance, lines: 1 })),
      ...['image', 'command', 'privileged', 'Binds', 'env', 'verb', '__proto__x'].map((key) => ({
        instance: 'a',
        lines: 1,
        [key]: true,
      })),
    ];
    for (const verb of ['/logs', '/follow'])
      for (const body of bodies) expect([body, (await ask(verb, JSON.stringify(body))).status]).toEqual([body, 400]);
    expect((await ask('/logs', '{"instance":'.padEnd(900, '['))).status).toBe(400);
    expect((await ask('/logs', ' '.repeat(1_025))).status).toBe(413);
    // Signed for one verb is not signed for another.
    expect((await ask('/follow', asked, 'POST', '/logs')).status).toBe(401);
    expect(engine.runtime.started.length).toBe(before);
  });

  it('rows written past control start no image, entry or size that was not reviewed', async () => {
    await using database = openPostgres(new Secret(postgres.url));
    const { db } = database;
    const id = await deploy('everything');
    await until('it runs', async () => (await stateOf(id)) === 'running', 40_000);
    const before = engine.runtime.started.length;
    const { image, digest, profile, entry_slug, entry_version } = await db
      .selectFrom('hosted_instances')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const honest = { image, digest, profile, entry_slug, entry_version };
    const forged: Record<string, string | number>[] = [
      { image: 'evil/everything' },
      { image: 'mcpnest/second' },
      { digest: '../../images/create?fromImage=evil' },
      { entry_slug: 'evil' },
      { entry_version: 99 },
      { profile: 'constructor' },
      { profile: 'huge' },
    ];
    for (const [i, change] of forged.entries()) {
      // Other bytes under a reviewed name are what an owner of the instance may allow; all else has to fail by itself.
      const row = { ...honest, digest: digestOf('bcdef01'[i]!), ...change };
      await db
        .insertInto('mcp_allowed_images')
        .values({
          ...{ id: crypto.randomUUID(), image: row.image, digest: row.digest, entry_slug: row.entry_slug },
          ...{ entry_version: row.entry_version, sbom_ref: null, allowed_by: 'x', created_at: 'x', revoked_at: null },
        })
        .execute();
      await db
        .updateTable('hosted_instances')
        .set((one) => ({ ...row, restarts: one('restarts', '+', 1) }))
        .where('id', '=', id)
        .execute();
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect([change, engine.runtime.started.length]).toEqual([change, before]);
    }
    expect((await ask('/readyz', '', 'GET')).status).toBe(200);
    await db.updateTable('hosted_instances').set(honest).where('id', '=', id).execute();
    await until('it runs again as reviewed', async () => engine.runtime.started.length > before, 40_000);
    const { spec } = engine.runtime.started.at(-1)!;
    expect(spec).toMatchObject({ image: { name: 'mcpnest/everything', digest: digestOf('a') }, pids: 128, cpus: 0.25 });
  });
});

/** Ports a process listens on, on any address. */
function listeningPorts(pid: number): string[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/${pid}/net/${family}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words[3] === '0A' && sockets.includes(words[9] ?? ''))
      .map((words) => words[1]!),
  );
}
