import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Operation } from '@mcpnest/contract/operation';
import { allOperations } from '@mcpnest/contract/operations';
import { hashToken } from '../domain/token.ts';
import { approvalRow } from './approval-row.contract.ts';
import { callRow } from './call-row.contract.ts';
import { isLive, startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';
import { sealCalls } from './proofs/sealed-calls.contract.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const acme = { workspace: 'acme' };
const canary = 'canary-5f1d-upstream-secret';

it('[TOK-02][GW-11] no answer and no audit event ever holds a hash, a sealed value or a secret given earlier', async () => {
  await kit.owner.servers.create({ params: acme, body: { name: 'one', url: 'https://one.example.com/mcp' } });
  const server = { ...acme, server: 'one' };
  await kit.owner.servers.setCredential({ params: server, body: { headers: { 'X-Api-Key': canary } } });
  await kit.owner.servers.setCredential({ params: server, body: { bearer: canary } });
  const issued = await kit.owner.tokens.issue({ params: acme, body: { label: 'ci' } });
  const rotated = await kit.owner.tokens.rotate({ params: { ...acme, token: issued.token.id }, body: {} });
  const team = await kit.owner.teams.create({ params: acme, body: { name: 'payments' } });
  const machine = await kit.owner.machines.create({ params: acme, body: { name: 'nightly' } });
  const invited = await kit.owner.invitations.create({ params: acme, body: { email: 'ina@example.com' } });
  const rule = await kit.owner.rules.create({
    params: acme,
    body: { effect: 'deny', subject: 'everybody', object: 'one:*' },
  });
  const published = { name: 'two', owner: team.slug, upstream: 'https://two.example.com/mcp' };
  await kit.owner.manifests.put({ params: { ...acme, manifest: 'two' }, body: published });
  await kit.owner.network.allow({ body: { target: '127.0.0.1:1' } });
  const hook = await kit.owner.webhooks.create({ params: acme, body: { url: 'http://127.0.0.1:1/in' } });
  const resigned = await kit.owner.webhooks.rotateSecret({ params: { ...acme, webhook: hook.webhook.id }, body: {} });
  await kit.allowHosting();
  const deployment = { ...acme, slug: 'files', env: { FILES_ROOT: '/data', FILES_KEY: canary } };
  const { instance_id: instance } = await kit.owner.hosted.deploy({ body: deployment });
  const key = await kit.owner.instanceKeys.issue({ body: { role: 'admin', label: 'k' } });

  const to = { url: 'https://siem.example.com/in', headers: { 'X-Api-Key': canary } };
  const sink = await kit.owner.sinks.create({ params: acme, body: { kind: 'http', name: 'siem', ...to } });
  const whole = await kit.owner.instanceSinks.create({ body: { kind: 'otlp', name: 'siem', ...to } });
  kit.advance(60_000);

  const { db } = kit.database;
  const approval = approvalRow(Date.UTC(2026, 10, 21, 12), {
    workspace_id: (await kit.snapshot('acme')).workspace.id,
    token_id: issued.token.id,
    call_key: 'the-key-of-a-call',
  });
  await db.insertInto('approvals').values(approval).execute();
  const { workspace_id, token_id } = approval;
  const { version: policy_version } = await kit.snapshot('acme');
  const call = callRow(Date.UTC(2026, 10, 21, 12), { workspace_id, token_id, policy_version, args_mac: 'the-mac' });
  // Recorded in the place of a sealed call, so that it can be proven as well.
  const [sealedCall] = await sealCalls(kit, 'acme', 1);
  const { node, epoch, seq } = await db
    .deleteFrom('mcp_tool_calls')
    .where('id', '=', sealedCall!)
    .returning(['node', 'epoch', 'seq'])
    .executeTakeFirstOrThrow();
  await db
    .insertInto('mcp_tool_calls')
    .values({ ...call, node, epoch, seq })
    .execute();
  const signedIn = await kit.signIn('ada@example.com');
  const entries = [
    ...(await db.selectFrom('console_sessions').select('hash').execute()),
    ...(await db.selectFrom('entry_links').select('hash').execute()),
    ...(await db.selectFrom('passwords').select('hash').execute()),
  ].map((row) => row.hash);
  expect(entries).toHaveLength(3);
  const tokens = await db.selectFrom('gateway_tokens').select('hash').execute();
  const keys = await db.selectFrom('api_keys').select('hash').execute();
  const invitations = await db.selectFrom('invitations').select('hash').execute();
  const ofHook = await db.selectFrom('webhooks').selectAll().executeTakeFirstOrThrow();
  const sealed = [
    ...(await kit.snapshot('acme')).servers[0]!.credential!.headers.map((header) => header.sealed),
    ...[ofHook.secret, ofHook.old_secret!],
  ];
  const secrets = [kit.ownerKey, kit.workspaceToken, issued.secret, rotated.secret, key.secret, invited.secret];
  const hashes = [...tokens, ...keys, ...invitations].map((row) => row.hash);
  expect(hashes).toEqual(expect.arrayContaining(secrets.map(hashToken)));
  const sinkSecrets = (await db.selectFrom('sinks').select('secrets').execute()).flatMap((row) =>
    Object.values(JSON.parse(row.secrets) as Record<string, string>),
  );
  expect(sinkSecrets).toHaveLength(3);
  const hosted = await db.selectFrom('hosted_instances').select('token as sealed').execute();
  const values = await db.selectFrom('hosted_secrets').select('sealed').execute();
  const forbidden = [
    ...entries,
    signedIn.cookie.split('=')[1]!,
    'the password of ada@example.com',
    ...[...hosted, ...values].map((row) => row.sealed),
    'the-mac',
    hook.secret,
    resigned.secret,
    approval.call_key,
    canary,
    ...sealed,
    ...sinkSecrets,
    sink.secret!,
    ...hashes,
    ...secrets,
  ];

  const ids: Record<string, string> = {
    ...server,
    token: rotated.token.id,
    key: key.apiKey.id,
    team: team.slug,
    machine: machine.id,
    rule: rule.id,
    manifest: 'two',
    webhook: hook.webhook.id,
    approval: approval.id,
    call: call.id,
    email: 'ada@example.com',
    instance,
    member: (await kit.owner.members.list({ params: acme })).items[0]!.id,
  };
  const sinkOf = (operation: Operation) => (operation.scope === 'instance' ? whole : sink).sink.id;
  const path = (operation: Operation) =>
    operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
      name === 'sink' ? sinkOf(operation) : (ids[name] ?? rotated.token.id),
    );
  /** Of operations that cannot be asked without. */
  const asked: Record<string, string> = { 'impacts.show': '?kind=server&id=one', 'hosted.list': '?workspace=acme' };
  // What a hosted server writes is the orchestrator's to know.
  const elsewhere = ['hosted.logs'];
  let read = 0;
  for (const operation of allOperations.filter(
    ({ id, method, response }) => method === 'GET' && !isLive(response) && !elsewhere.includes(id),
  )) {
    const response = await kit.send('GET', path(operation) + (asked[operation.id] ?? ''), {
      headers: signedIn.headers,
      ...(operation.role === 'signed-in' ? { key: null } : {}),
    });
    const text = await response.text();
    expect([operation.id, response.status]).toEqual([operation.id, 200]);
    expect([operation.id, forbidden.filter((secret) => text.includes(secret))]).toEqual([operation.id, []]);
    read += 1;
  }
  expect(read).toBeGreaterThan(10);
  const changed = await kit.send('PATCH', path(allOperations.find(({ id }) => id === 'servers.update')!), {
    body: { name: 'two' },
  });
  const text = await changed.text();
  expect(forbidden.filter((secret) => text.includes(secret))).toEqual([]);
  const events = await db.selectFrom('audit_events').selectAll().execute();
  expect(forbidden.filter((secret) => JSON.stringify(events).includes(secret))).toEqual([]);
});

it('[TOK-01][TOK-02] hands a token out in the agreed form, once, and keeps its SHA-256', async () => {
  const { secret, token } = await kit.owner.tokens.issue({ params: acme, body: { label: 'ci' } });
  expect(secret).toMatch(/^mng_[0-9a-f]{48}$/);
  expect(token.hint).toBe(secret.slice(-4));
  const row = await kit.database.db
    .selectFrom('gateway_tokens')
    .selectAll()
    .where('id', '=', token.id)
    .executeTakeFirstOrThrow();
  expect(row.hash).toBe(hashToken(secret));
  expect(JSON.stringify(row)).not.toContain(secret);
});

it('says nothing about an unexpected failure but a request id', async () => {
  await kit.database.db.schema.dropTable('audit_events').execute();
  const response = await kit.send('GET', '/api/v1/audit-events');
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(JSON.parse(text)).toMatchObject({ code: 'internal', requestId: response.headers.get('x-request-id') });
  expect(text).not.toMatch(/audit_events|sqlite|no such table|\/src\//i);
});
