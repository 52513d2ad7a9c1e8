import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '@mcpnest/contract/client';
import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import type { CatalogueEntry } from '../../packages/server/src/domain/hosted/entry.ts';
import { everythingArgv, hostileArgv } from '../bridge.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { createProcessRuntime } from '../process-runtime.ts';

const canary = 'CANARY+very/secret value';
const entry = (slug: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  slug,
  version: 1,
  name: slug,
  description: 'For tests.',
  publisher: 'MCPNest',
  licence: 'MIT',
  homepage: 'https://example.com',
  state: 'maintained',
  replacedBy: [],
  package: { name: 'x', version: '1.0.0' },
  image: `mcpnest/${slug}`,
  command: everythingArgv,
  variables: [{ key: 'API_SECRET', label: 'Secret', type: 'password', required: false, help: '' }],
  profile: 'small',
  egress: [],
  reaches: [],
  scratch: [],
  toolClasses: [['echo', 'read']],
  sessions: 'shared',
  personal: false,
  ...more,
});
const saying = (script: string): readonly string[] => [process.execPath, '-e', script];
const catalogue = [
  entry('everything'),
  entry('own', { personal: true }),
  entry('broken', {
    command: saying('console.error("\u001b[31mno API_SECRET: " + process.env.API_SECRET); process.exit(3)'),
  }),
  entry('hostile', { command: hostileArgv }),
  entry('absent'),
];

let product: Product;
let runtime: ReturnType<typeof createProcessRuntime>;
const params = { workspace: 'acme' };

beforeAll(async () => {
  runtime = createProcessRuntime({ missingImage: 'mcpnest/absent' });
  product = await startProduct({
    env: { MCPNEST_RUNTIME: 'docker' },
    hosting: { catalogue, openRuntime: async () => runtime },
  });
  for (const { image } of catalogue) await product.client.hostedImages.allow({ body: { image, digest } });
  await product.client.workspaces.update({
    params,
    body: { settings: { hosting: { orchestratorEnabled: true, plan: 'enterprise' } } },
  });
});
afterAll(async () => {
  await product?.[Symbol.asyncDispose]();
});

const digest = `sha256:${'a'.repeat(64)}`;
const deploy = (slug: string, env: Record<string, string> = {}, client = product.client) =>
  client.hosted.deploy({ body: { ...params, slug, env } });
const show = (instance: string): Promise<HostedInstance> => product.client.hosted.show({ params: { instance } });
const stateOf = async (instance: string): Promise<string> => (await show(instance)).state;
const comesTo = (instance: string, state: string) =>
  until(`${instance} is ${state}`, async () => (await stateOf(instance)) === state, 15_000);
const problemOf = async (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: ApiError) => error.problem,
  );
const listed = async (tool: string, options = {}) => (await product.toolNames(options)).includes(tool);

describe('a hosted server from its deployment to its end', () => {
  let id: string;

  it('[HST-03][ORC-01] is accepted at once and comes to run, and where it runs is nobody’s to see', async () => {
    const accepted = await deploy('everything', { API_SECRET: canary });
    expect(accepted).toEqual({ instance_id: expect.any(String) as string, state: 'pending' });
    id = accepted.instance_id;
    const began = Date.now();
    await comesTo(id, 'running');
    expect(Date.now() - began).toBeLessThan(6_000);
    const shown = await show(id);
    expect(shown).toMatchObject({ server: 'everything', env_keys: ['API_SECRET'], headline: null, member: null });
    const { url } = await product.client.servers.show({ params: { ...params, server: 'everything' } });
    expect(url).toBe(`http://${id}.hosted.invalid/mcp`);
  });

  it('[HST-06][ORC-06] its tools are listed with those of others, with no further step', async () => {
    const query = { server: 'everything', limit: 1 };
    await until(
      'the gateway has read its list before any client asks',
      async () => (await product.client.tools.list({ params, query })).total > 0,
    );
    await until('it is healthy by that', async () => (await show(id)).health === 'healthy');
    await until('echo is listed', () => listed('echo'));
    const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(JSON.stringify(message.result)).not.toContain('unavailable');
  });

  it('[ORC-07] a call reaches its live endpoint and is on record like any other', async () => {
    const { message } = await product.call('echo', { message: 'hello' });
    expect(JSON.stringify(message.result)).toContain('Echo: hello');
    const row = (await product.calls()).find(({ tool_name: tool }) => tool === 'echo');
    expect(row).toMatchObject({ server_slug: 'everything', outcome: 'ok' });
    await until('calls have shown that it is healthy', async () => (await show(id)).health === 'healthy');
  });

  it('[HST-04][HST-07] shows what it wrote, and follows it', async () => {
    const logs = await product.client.hosted.logs({ params: { instance: id }, query: { tail: 50 } });
    expect(logs).toMatchObject({ state: 'running', headline: null });
    expect(logs.lines.some(({ text }) => text.includes('Starting default (STDIO) server'))).toBe(true);
    const stream = await product.client.hosted.follow({ params: { instance: id } });
    const reader = stream.body.getReader();
    let text = '';
    while (!text.includes('Starting default')) text += new TextDecoder().decode((await reader.read()).value);
    expect(text).toMatch(/^event: state\ndata: \{"state":"running"/);
    await reader.cancel();
  });

  it('[HST-08] its end leaves nothing: no tool, no process, no row, and its name is free again', async () => {
    const pid = runtime.pidOf(id)!;
    await product.client.hosted.terminate({ params: { instance: id } });
    expect(await problemOf(show(id))).toMatchObject({ code: 'not_found' });
    await until('its tools are gone', async () => !(await listed('echo')));
    await until('its process is gone', async () => runtime.pidOf(id) === undefined, 6_000);
    expect(() => process.kill(pid, 0)).toThrow();
    const database = new DatabaseSync(join(product.dataDir, 'mcpnest.db'), { readOnly: true });
    for (const table of ['hosted_instances', 'hosted_secrets', 'hosted_workloads', 'hosted_wakes', 'hosted_usage'])
      expect([table, database.prepare(`select count(*) as n from ${table}`).get()]).toEqual([table, { n: 0 }]);
    database.close();
    const again = await deploy('everything');
    expect((await show(again.instance_id)).server).toBe('everything');
    await product.client.hosted.terminate({ params: { instance: again.instance_id } });
  });

  it('[HST-10] its secret was in the server’s environment and is in no answer, record or file', async () => {
    const given = runtime.started.find(({ spec }) => spec.instanceId === id)!;
    expect(given.secrets.env).toEqual({ API_SECRET: canary });
    expect(JSON.stringify(given.spec)).not.toContain('CANARY');
    const events = await product.client.auditEvents.list({ params, query: { limit: 200 } });
    expect(JSON.stringify(events)).not.toContain('CANARY');
    expect(events.items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['hosted.deploy', 'hosted.follow', 'hosted.terminate']),
    );
    for (const file of ['mcpnest.db', 'mcpnest.db-wal'])
      expect(readFileSync(join(product.dataDir, file)).includes('CANARY')).toBe(false);
  });
});

describe('[HST-15] what goes wrong', () => {
  it('a server that cannot start says why in its own last words, without its secret', async () => {
    const { instance_id: id } = await deploy('broken', { API_SECRET: canary });
    await until('it has crashed', async () => (await show(id)).crashes > 0, 10_000);
    const shown = await show(id);
    expect(shown).toMatchObject({ state: 'starting', headline: 'no API_SECRET: [API_SECRET]' });
    const logs = await product.client.hosted.logs({ params: { instance: id } });
    expect(JSON.stringify(logs)).not.toContain('CANARY');
    await product.client.hosted.terminate({ params: { instance: id } });
  });

  it('[ORC-03] an image that cannot be had is named', async () => {
    const { instance_id: id } = await deploy('absent');
    await until('it has failed', async () => (await show(id)).headline !== null, 10_000);
    expect((await show(id)).headline).toBe('The image mcpnest/absent cannot be pulled: no such image.');
    await product.client.hosted.terminate({ params: { instance: id } });
  });

  it('[ORC-10] a process that is killed is started again, and calls go on', async () => {
    const { instance_id: id } = await deploy('everything');
    await comesTo(id, 'running');
    await until('echo is listed', () => listed('echo'));
    const pid = runtime.pidOf(id)!;
    process.kill(pid, 'SIGKILL');
    await until('another one runs', async () => runtime.pidOf(id) !== pid, 10_000);
    await comesTo(id, 'running');
    expect(await show(id)).toMatchObject({ crashes: 1, restarts: 0 });
    await until(
      'calls go on',
      async () => (await product.call('echo', { message: 'x' })).message.result !== undefined,
      10_000,
    );
    await product.client.hosted.restart({ params: { instance: id } });
    await until('it begins anew', async () => (await show(id)).crashes === 0, 10_000);
    expect((await show(id)).restarts).toBe(1);
    await product.client.hosted.terminate({ params: { instance: id } });
  });

  it('[ORC-08][ORC-09] without hosting, other servers are served all the same', async () => {
    const { instance_id: id } = await deploy('everything');
    await comesTo(id, 'running');
    await until('echo is listed', () => listed('echo'));
    const hosting = (orchestratorEnabled: boolean) =>
      product.client.workspaces.update({ params, body: { settings: { hosting: { orchestratorEnabled } } } });
    await hosting(false);
    await comesTo(id, 'stopped');
    expect((await show(id)).headline).toBe('Hosting is switched off in this workspace.');
    await until('its process is gone', async () => runtime.pidOf(id) === undefined, 6_000);
    expect(await problemOf(deploy('everything'))).toMatchObject({ code: 'conflict' });
    const { message } = await product.call('echo', { message: 'x' });
    expect(message.error?.message).toBe("The server 'everything' cannot be reached.");
    await hosting(true);
    await comesTo(id, 'running');
    await product.client.hosted.terminate({ params: { instance: id } });
  });
});

it('a call wakes an instance that sleeps, and nothing else does', async () => {
  const { instance_id: id } = await deploy('everything');
  await comesTo(id, 'running');
  await until('echo is listed', () => listed('echo'));
  // As the orchestrator records it after so many minutes without a call.
  const database = new DatabaseSync(join(product.dataDir, 'mcpnest.db'));
  database.exec(
    "update hosted_workloads set state = 'sleeping', since = strftime('%Y-%m-%dT%H:%M:%fZ'), host = null, port = null, revision = revision + 1",
  );
  database.close();
  const pid = runtime.pidOf(id);
  await until('it is paused', async () => runtime.runs.get(id)?.paused === true, 8_000);
  expect(await listed('echo')).toBe(true);
  expect(await stateOf(id)).toBe('sleeping');
  const began = Date.now();
  const calls = await Promise.all([1, 2, 3].map(() => product.call('echo', { message: 'awake' })));
  for (const { message } of calls) expect(JSON.stringify(message.result)).toContain('Echo: awake');
  expect(Date.now() - began).toBeLessThan(1_000);
  expect(runtime.pidOf(id)).toBe(pid);
  expect(await stateOf(id)).toBe('running');
  await product.client.hosted.terminate({ params: { instance: id } });
}, 20_000);

describe('an instance of one member', () => {
  it('[HST-10] is theirs alone: not listed, called, shown or ended by anyone else', async () => {
    const member = async (email: string) => {
      const added = await product.client.members.add({ params, body: { email, role: 'member' } });
      const { secret } = await product.client.apiKeys.issue({ params, body: { email, role: 'member', label: 'k' } });
      const token = await product.client.tokens.issue({
        params,
        body: { kind: 'member', memberId: added.id, label: 't' },
      });
      return { client: product.clientOf(secret), token: token.secret };
    };
    const [ada, bob] = [await member('ada@example.com'), await member('bob@example.com')];
    expect(await problemOf(deploy('everything', {}, ada.client))).toMatchObject({ code: 'forbidden' });
    const { instance_id: id } = await deploy('own', {}, ada.client);
    await comesTo(id, 'running');
    await until('ada sees it', () => listed('echo', { token: ada.token }));
    expect((await product.call('echo', { message: 'a' }, { token: ada.token })).message.result).toBeDefined();
    for (const token of [bob.token, product.workspaceToken]) {
      expect(await listed('echo', { token })).toBe(false);
      expect((await product.call('echo', { message: 'a' }, { token })).message.error).toBeDefined();
    }
    expect(await problemOf(bob.client.hosted.show({ params: { instance: id } }))).toMatchObject({ code: 'not_found' });
    // Whom the server is shown to is an administrator's to say; whose the instance is, is not.
    const server = { ...params, server: 'own' };
    await product.client.servers.update({ params: server, body: { visibility: ['workspace'] } });
    await until(
      'the change has arrived',
      async () => (await product.client.servers.show({ params: server })).visibility?.[0] === 'workspace',
    );
    expect(await listed('echo', { token: bob.token })).toBe(false);
    expect(await problemOf(bob.client.hosted.terminate({ params: { instance: id } }))).toMatchObject({
      code: 'not_found',
    });
    await ada.client.hosted.terminate({ params: { instance: id } });
  });
});
