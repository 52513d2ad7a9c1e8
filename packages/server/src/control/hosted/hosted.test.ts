import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit, type Kit } from '../kit.contract.ts';
import { digestOf, ownEntry, testEntry } from '../../domain/hosted/entries.contract.ts';
import { describeHostedLimits } from './limits.contract.ts';
import { publishSeen } from './publish.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const env = { FILES_ROOT: '/data', FILES_KEY: 'CANARY-key' };
const body = { ...params, slug: 'files', env };
const deploy = () => kit.owner.hosted.deploy({ body });

it('[HST-03] makes an instance, its server and its events, and nothing of its values is readable', async () => {
  await kit.allowHosting();
  const response = await kit.send('POST', '/api/hosted', { body: { ...body, profile: 'medium' } });
  expect(response.status).toBe(202);
  const { instance_id: id, state } = (await response.json()) as { instance_id: string; state: string };
  expect(state).toBe('pending');
  expect(await kit.owner.hosted.show({ params: { instance: id } })).toMatchObject({
    ...{ workspace: 'acme', slug: 'files', entry_version: 3, server: 'files', profile: 'medium', state: 'pending' },
    ...{ digest: digestOf('a'), env_keys: ['FILES_KEY', 'FILES_ROOT'], created_by: 'ada@example.com', member: null },
  });
  const { servers } = await kit.snapshot('acme');
  expect(servers[0]).toMatchObject({
    slug: 'files',
    url: `http://${id}.hosted.invalid/mcp`,
    hosted: { instanceId: id, memberId: null, wakes: true, endpoint: null },
    toolClasses: [
      ['delete_file', 'destructive'],
      ['read_file', 'read'],
    ],
  });
  const events = await kit.owner.auditEvents.list({ params });
  expect(events.items[0]).toMatchObject({
    action: 'hosted.deploy',
    target: 'hosted:files',
    detail: { instance: id, entry: 'files', version: 3, variables: ['FILES_KEY', 'FILES_ROOT'] },
  });
  const tables = ['hosted_instances', 'hosted_secrets', 'gateway_workspace_servers', 'server_revisions'] as const;
  for (const table of tables)
    expect(JSON.stringify(await kit.database.db.selectFrom(table).selectAll().execute())).not.toContain('CANARY');
  const [sealed] = await kit.database.db
    .selectFrom('hosted_secrets')
    .selectAll()
    .where('key', '=', 'FILES_KEY')
    .execute();
  expect(kit.vault.open(sealed!.sealed, `hosted/${id}/env/FILES_KEY`).reveal()).toBe('CANARY-key');
  // A value that is moved to another instance or key does not open.
  expect(() => kit.vault.open(sealed!.sealed, `hosted/${id}/env/FILES_ROOT`)).toThrow();
});

it('[ORC-02][ORC-04] nothing but size and declared values can be asked for', async () => {
  await kit.allowHosting();
  const shaping = [
    'image',
    'command',
    'args',
    'user',
    'mounts',
    'volumes',
    'privileged',
    'cap_add',
    'network',
    'digest',
  ];
  for (const field of [...shaping, 'entrypoint', 'memory', 'ports', 'labels', 'constructor']) {
    const text = `{"workspace":"acme","slug":"files","env":{},"${field}":"x"}`;
    const response = await kit.send('POST', '/api/hosted', { body: text });
    expect([field, response.status, await response.json()]).toMatchObject([
      field,
      400,
      { issues: [{ path: `body.${field}` }] },
    ]);
  }
  const keys = [
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'PATH',
    'npm_config_registry',
    'HTTPS_PROXY',
    'BASH_ENV',
    'GIT_SSH_COMMAND',
  ];
  for (const key of [...keys, 'PYTHONPATH', 'DYLD_INSERT_LIBRARIES', 'MCP_BRIDGE_TOKEN', 'OTHER', 'node_options']) {
    const refused = await failure(kit.owner.hosted.deploy({ body: { ...body, env: { ...env, [key]: 'x' } } }));
    expect([key, refused]).toMatchObject([key, { code: 'invalid_input', issues: [{ path: `body.env.${key}` }] }]);
  }
  const bad: [Record<string, string>, string][] = [
    [{ FILES_ROOT: '/data' }, 'body.env.FILES_KEY'],
    [{ ...env, FILES_ROOT: '--inspect=0.0.0.0' }, 'body.env.FILES_ROOT'],
    [{ ...env, FILES_KEY: 'x'.repeat(8_193) }, 'body.env.FILES_KEY'],
    [{ ...env, 'A=B': 'x' }, 'body.env.A=B'],
    [{ ...env, FILES_KEY: '' }, 'body.env.FILES_KEY'],
  ];
  for (const [given, path] of bad)
    expect(await failure(kit.owner.hosted.deploy({ body: { ...body, env: given } }))).toMatchObject({
      issues: [{ path }],
    });
  const cut = { ...env, FILES_KEY: 'a\0b' };
  expect(await failure(kit.owner.hosted.deploy({ body: { ...body, env: cut } }))).toMatchObject({
    code: 'invalid_input',
  });
  expect(await failure(kit.owner.hosted.deploy({ body: { ...body, slug: 'unknown' } }))).toMatchObject({
    code: 'not_found',
  });
  expect((await kit.owner.hosted.list({ query: params })).items).toEqual([]);
});

it('[ORC-02] an image that is not allowed, or no longer, is not deployed', async () => {
  await kit.owner.workspaces.update({ params, body: { settings: { hosting: { orchestratorEnabled: true } } } });
  const listed = async () =>
    (await kit.owner.hostedCatalogue.list({ params })).items.find(({ slug }) => slug === 'files');
  expect(await listed()).toMatchObject({
    deployable: false,
    obstacle: 'image_not_allowed',
    why_not: expect.stringContaining('mcpnest image allow') as string,
  });
  expect(await failure(deploy())).toMatchObject({ code: 'conflict' });
  const allow = (image: string, digest = digestOf('b')) => kit.owner.hostedImages.allow({ body: { image, digest } });
  expect(await failure(allow('evil/image'))).toMatchObject({ issues: [{ path: 'body.image' }] });
  expect(await failure(allow('mcpnest/files:latest'))).toMatchObject({ issues: [{ path: 'body.image' }] });
  expect(await failure(allow('mcpnest/files', 'latest'))).toMatchObject({ issues: [{ path: 'body.digest' }] });
  const { id } = await allow('mcpnest/files');
  expect(await failure(allow('mcpnest/files'))).toMatchObject({ code: 'already_exists' });
  expect(await listed()).toMatchObject({
    deployable: true,
    obstacle: null,
    why_not: null,
    required_env_vars: { length: 3 },
  });
  await deploy();
  await kit.owner.hostedImages.revoke({ params: { image: id } });
  expect(await failure(deploy())).toMatchObject({ code: 'conflict' });
  expect((await kit.owner.hostedImages.list()).items[0]).toMatchObject({
    id,
    revoked_at: expect.any(String) as string,
  });
  // A row that got there some other way passes the first gate and not the second.
  const row = { ...(await kit.database.db.selectFrom('mcp_allowed_images').selectAll().executeTakeFirstOrThrow()) };
  const image = 'Evil/../files';
  await kit.database.db
    .insertInto('mcp_allowed_images')
    .values({ ...row, id: 'x', image, revoked_at: null })
    .execute();
  expect(await failure(deploy())).toMatchObject({ code: 'conflict' });
});

it('[ORC-09][HST-09] hosting and plan are settings; the plan is not the workspace’s own to raise', async () => {
  await kit.allowHosting();
  const key = await kit.memberKey('acme', 'olga@example.com', 'owner');
  const update = (hosting: object) => kit.clientOf(key).workspaces.update({ params, body: { settings: { hosting } } });
  expect(await failure(update({ plan: 'enterprise' }))).toMatchObject({ code: 'forbidden' });
  await update({ orchestratorEnabled: false, idleMinutes: 30 });
  expect(await failure(deploy())).toMatchObject({ code: 'conflict' });
  expect(await kit.owner.hostedCatalogue.list({ params })).toMatchObject({
    enabled: false,
    plan: { name: 'team', limit: 3 },
  });
});

it('[HST-11] the server of an instance takes values of its entry in place of headers, is reached as the instance says and ends with it', async () => {
  await kit.allowHosting();
  const { instance_id: instance } = await deploy();
  const server = { ...params, server: 'files' };
  const refused = [
    kit.owner.servers.update({ params: server, body: { url: 'https://evil.example.com/mcp' } }),
    kit.owner.servers.setCredential({ params: server, body: { bearer: 'x' } }),
    kit.owner.servers.clearCredential({ params: server }),
    kit.owner.servers.rollback({ params: server, body: { revision: 1 } }),
    kit.owner.servers.remove({ params: server }),
  ];
  for (const attempt of refused) expect(await failure(attempt)).toMatchObject({ code: 'conflict' });
  await kit.owner.servers.update({ params: server, body: { prefix: 'fs', name: 'Our files' } });
  await kit.owner.hosted.terminate({ params: { instance } });
  expect(await failure(kit.owner.servers.show({ params: server }))).toMatchObject({ code: 'not_found' });
  expect((await kit.snapshot('acme')).servers).toEqual([]);
});

it('a member deploys what is personal and nothing else, and sees what is theirs', async () => {
  await kit.allowHosting();
  const cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const di = kit.clientOf(await kit.memberKey('acme', 'di@example.com', 'member'));
  expect(await failure(cy.hosted.deploy({ body }))).toMatchObject({ code: 'forbidden' });
  const own = { ...params, slug: ownEntry.slug, env: { MAIL_TOKEN: 'secret-of-cy' } };
  expect(await failure(kit.local.hosted.deploy({ body: own }))).toMatchObject({ code: 'conflict' });
  const { instance_id: instance } = await cy.hosted.deploy({ body: own });
  const { instance_id: second } = await di.hosted.deploy({ body: { ...own, env: { MAIL_TOKEN: 'secret-of-di' } } });
  expect(await di.hosted.show({ params: { instance: second } })).toMatchObject({
    server: 'mail-2',
    member: 'di@example.com',
  });
  const { instance_id: shared } = await deploy();
  const seen = async (client: typeof cy) =>
    (await client.hosted.list({ query: params })).items.map((one) => one.instance_id);
  expect([await seen(cy), await seen(di), await seen(kit.owner)]).toEqual([
    [instance, shared],
    [second, shared],
    [instance, second, shared],
  ]);
  for (const verb of ['show', 'terminate', 'restart', 'logs', 'usage'] as const)
    expect(await failure(di.hosted[verb]({ params: { instance } }))).toMatchObject({ code: 'not_found' });
  for (const verb of ['terminate', 'restart', 'logs'] as const)
    expect(await failure(di.hosted[verb]({ params: { instance: shared } }))).toMatchObject({ code: 'forbidden' });
  await cy.hosted.terminate({ params: { instance } });
});

it('[HST-15] shows what calls have shown, and publishes where it runs once', async () => {
  await kit.allowHosting();
  const { instance_id: instance } = await deploy();
  const { db } = kit.database;
  await db
    .updateTable('hosted_workloads')
    .set({ state: 'running', host: '127.0.0.1', port: 4_000, revision: 1 })
    .execute();
  const before = await kit.snapshot('acme');
  expect(await publishSeen({ ...kit.courier })).toBe(1);
  expect(await publishSeen({ ...kit.courier })).toBe(0);
  const after = await kit.snapshot('acme');
  expect(after.version).toBe(before.version + 1);
  expect(after.servers[0]!.hosted).toMatchObject({ endpoint: { host: '127.0.0.1', port: 4_000 }, wakes: false });
  const [versions] = [await db.selectFrom('policy_versions').select('digest').orderBy('version', 'desc').execute()];
  expect(versions[0]!.digest).toBe(versions[1]!.digest);
  const health = {
    state: 'degraded' as const,
    since: '2026-11-21T12:00:00.000Z',
    checked_at: '2026-11-21T12:00:00.000Z',
  };
  await db
    .insertInto('upstream_health')
    .values({ server_id: after.servers[0]!.id, last_error_class: 'connect', latency_ms: null, ...health })
    .execute();
  expect(await kit.owner.hosted.show({ params: { instance } })).toMatchObject({
    state: 'degraded',
    health: 'degraded',
  });
  expect(await kit.owner.hosted.usage({ params: { instance } })).toEqual({ instance_id: instance, items: [] });
  expect(await failure(kit.owner.hosted.logs({ params: { instance } }))).toMatchObject({ code: 'conflict' });
});

it('[HST-15] tells crashes from restarts, and what it failed for as long as it has failed', async () => {
  await kit.allowHosting();
  const { instance_id: instance } = await deploy();
  const show = () => kit.owner.hosted.show({ params: { instance } });
  await kit.owner.hosted.restart({ params: { instance } });
  expect(await show()).toMatchObject({ crashes: 0, restarts: 1 });
  const long = Array.from({ length: 5 }, (_, run) => ({ at: '2020-01-01T00:00:00.000Z', run: String(run) }));
  const { db } = kit.database;
  for (const [state, crashes] of [
    ['failed', 5],
    ['running', 0],
  ] as const) {
    await db
      .updateTable('hosted_workloads')
      .set({ state, crashes: JSON.stringify(long) })
      .execute();
    expect(await show()).toMatchObject({ state, crashes, restarts: 1 });
  }
});

it('a restart takes the newest image, and an installation without a runtime deploys nothing', async () => {
  await kit.allowHosting();
  const { instance_id: instance } = await deploy();
  await kit.owner.hostedImages.allow({ body: { image: testEntry.image, digest: digestOf('c') } });
  expect(await kit.owner.hosted.restart({ params: { instance } })).toEqual({ instance_id: instance, state: 'pending' });
  expect(await kit.owner.hosted.show({ params: { instance } })).toMatchObject({ digest: digestOf('c') });
  await using none = await startKit(undefined, [], { catalogue: [testEntry], runtime: 'none' });
  await none.allowHosting();
  expect(await failure(none.owner.hosted.deploy({ body }))).toMatchObject({ code: 'unavailable' });
});

describeHostedLimits(() => startKit());
