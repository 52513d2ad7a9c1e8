import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SinkCreate } from '@mcpnest/contract/schemas/sinks';
import { createDeliver } from '../../platform/deliver.ts';
import { createDialer } from '../../platform/dialer.ts';
import { freeCall } from '../../platform/retention/holds.ts';
import { noteMissed } from '../../platform/sinks/missed.ts';
import { runSink, type SinkRow, type SinkStep } from '../../platform/sinks/run-sink.ts';
import { createSendParcel } from '../../platform/sinks/send.ts';
import { createSendLines } from '../../platform/send-lines.ts';
import { httpReceiver, isSigned, objectStore, syslogReceiver } from '../../platform/sinks/sink.contract.ts';
import { addCalls } from '../handover/call-rows.contract.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

let kit: Kit;
let workspaceId: string;
let time: number;
beforeEach(async () => {
  kit = await startKit();
  workspaceId = (await kit.snapshot('acme')).workspace.id;
  time = Date.UTC(2026, 10, 21, 12);
});
afterEach(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const create = (body: SinkCreate) => kit.owner.sinks.create({ params, body });
const show = (sink: string) => kit.owner.sinks.show({ params: { ...params, sink } });
const open = (port: number) => kit.owner.network.allow({ body: { target: `127.0.0.1:${port}` } });
const common = { include: 'calls', from: 'now' } as const;
function pass(ms: number): void {
  time += ms;
  kit.advance(ms);
}

/** One round for each sink, as the worker makes it, in this thread. */
async function round(node = 'node-1'): Promise<SinkStep[]> {
  const { db } = kit.database;
  const steps: SinkStep[] = [];
  for (const sink of await db.selectFrom('sinks').selectAll().where('paused_at', 'is', null).orderBy('id').execute())
    steps.push(await step(sink, node));
  return steps;
}

function step(sink: SinkRow, node = 'node-1'): Promise<SinkStep> {
  const { db } = kit.database;
  const clock = { now: () => time, monotonic: () => time };
  const way = {
    dialer: createDialer(),
    allow: () => db.selectFrom('network_allow').select(['host', 'port']).execute(),
  };
  const send = createSendParcel({
    vault: kit.vault,
    clock,
    deliver: createDeliver({ ...way, clock }),
    sendLines: createSendLines(way),
  });
  return runSink({ db, clock, node, send }, sink);
}
const ids = (bodies: readonly { body: Buffer }[]): unknown[] =>
  bodies.flatMap(({ body }) =>
    body
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { endSeq?: number; action?: string }).endSeq ?? line),
  );
const seqs = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index);

describe('an http sink', () => {
  it('[AUD-06] gets what comes after it was made, signed, in order, with its headers, and once where nothing fails', async () => {
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 5 });
    await using peer = await httpReceiver();
    await open(peer.port);
    const { sink, secret } = await create({
      kind: 'http',
      name: 'siem',
      ...common,
      url: `${peer.url}/in`,
      format: 'jsonl',
      headers: { 'X-Api-Key': 'canary' },
    });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 700, firstSeq: 6 });
    await addCalls(kit.database.db, { workspaceId: 'other', node: 'a', count: 7, firstSeq: 1_000 });
    expect((await show(sink.id)).lag).toMatchObject({ rows: 700, more: false });
    expect(await round()).toEqual(['more']);
    expect(await round()).toEqual(['idle']);
    expect(await round()).toEqual(['idle']);
    expect(ids(peer.taken)).toEqual(seqs(700, 6));
    for (const got of peer.taken)
      expect([got.headers['x-api-key'], got.path, isSigned(secret!, got)]).toEqual(['canary', '/in', true]);
    expect(await show(sink.id)).toMatchObject({ delivered: 700, lag: { rows: 0 }, sentBy: 'node-1', failures: 0 });
  });

  it('keeps to itself what its address may hold: a key in it is in no change', async () => {
    const url = 'https://siem.example.com/in/path-key?token=query-key';
    await create({ kind: 'http', name: 'siem', ...common, url, format: 'jsonl' });
    await create({ kind: 'otlp', name: 'otel', ...common, url });
    const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'sinks.create' } });
    expect(items.map(({ detail }) => (detail as { origin: string }).origin)).toEqual([
      'https://siem.example.com',
      'https://siem.example.com',
    ]);
    expect(JSON.stringify(items)).not.toMatch(/(?:path|query)-key/);
  });

  it('[AUD-06] that is paused gets nothing more, however much it has to catch up on', async () => {
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 1_200 });
    await using peer = await httpReceiver();
    await open(peer.port);
    const body = { kind: 'http', name: 'siem', url: peer.url, format: 'jsonl', include: 'calls' } as const;
    const { sink } = await create({ ...body, from: 'beginning' });
    const row = await kit.database.db.selectFrom('sinks').selectAll().executeTakeFirstOrThrow();
    expect(await step(row)).toBe('more');
    await kit.owner.sinks.pause({ params: { ...params, sink: sink.id } });
    expect(await step(row)).toBe('idle');
    expect((await show(sink.id)).delivered).toBe(500);
    await kit.owner.sinks.resume({ params: { ...params, sink: sink.id } });
    expect(await step(row)).toBe('more');
    await kit.owner.sinks.remove({ params: { ...params, sink: sink.id } });
    expect(await step(row)).toBe('idle');
    expect(ids(peer.taken)).toEqual(seqs(1_000));
  });

  it('[AUD-06] that fails is tried again later, longer each time and as it asks, and loses and reorders nothing', async () => {
    await using peer = await httpReceiver([{ status: 500 }, { status: 429, retryAfter: '120' }]);
    await open(peer.port);
    const { sink } = await create({
      kind: 'http',
      name: 'siem',
      ...common,
      from: 'beginning',
      url: peer.url,
      format: 'jsonl',
    });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 3 });
    expect(await round()).toEqual(['failed']);
    expect(await show(sink.id)).toMatchObject({ failures: 1, lastError: 'http_500', delivered: 0, lag: { rows: 3 } });
    expect(await round()).toEqual(['failed']);
    expect(peer.refused).toHaveLength(1);
    pass(2_000);
    expect(await round()).toEqual(['failed']);
    expect(await show(sink.id)).toMatchObject({ failures: 2, lastError: 'http_429' });
    pass(119_000);
    expect(await round()).toEqual(['failed']);
    expect(peer.refused).toHaveLength(2);
    pass(2_000);
    expect(await round()).toEqual(['idle']);
    expect(ids(peer.taken)).toEqual([1, 2, 3]);
    const [first, second] = [peer.refused[0]!, peer.taken[0]!].map((got) => got.headers['webhook-id']);
    expect(first).toBe(second);
    expect(await show(sink.id)).toMatchObject({ failures: 0, nextAttemptAt: null, lastError: 'http_429' });
  });

  it('[AUD-06] taken but not noted, as in a crash, is sent again with the same ids', async () => {
    await using peer = await httpReceiver();
    await open(peer.port);
    const { sink } = await create({ kind: 'http', name: 'siem', ...common, url: peer.url, format: 'jsonl' });
    const before = await kit.database.db.selectFrom('sink_states').select('marks').executeTakeFirstOrThrow();
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 2 });
    await round();
    await kit.database.db.updateTable('sink_states').set(before).execute();
    await round();
    expect(peer.taken.map(({ body }) => body.toString())).toEqual([
      peer.taken[0]!.body.toString(),
      peer.taken[0]!.body.toString(),
    ]);
    expect(await show(sink.id)).toMatchObject({ delivered: 4 });
  });

  it('[AUD-06] is sent to by one node at a time, and by another once that one is gone', async () => {
    await using peer = await httpReceiver();
    await open(peer.port);
    await create({ kind: 'http', name: 'siem', ...common, url: peer.url, format: 'jsonl' });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 2 });
    await round('node-1');
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 1, firstSeq: 3 });
    await round('node-2');
    expect(ids(peer.taken)).toEqual([1, 2]);
    pass(31_000);
    await round('node-2');
    await round('node-1');
    expect(ids(peer.taken)).toEqual([1, 2, 3]);
  });

  it('[AUD-06] that is paused gets nothing, and everything once it is resumed; removed, it is gone with its secrets', async () => {
    await using peer = await httpReceiver();
    await open(peer.port);
    const { sink } = await create({ kind: 'http', name: 'siem', ...common, url: peer.url, format: 'ocsf' });
    const place = { params: { ...params, sink: sink.id } };
    await kit.owner.sinks.pause(place);
    expect(await failure(kit.owner.sinks.pause(place))).toMatchObject({ code: 'conflict' });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 2 });
    expect(await round()).toEqual([]);
    expect((await kit.owner.sinks.list({ params })).items[0]!.pausedSince).not.toBeNull();
    expect((await kit.owner.sinks.resume(place)).pausedSince).toBeNull();
    await round();
    expect(peer.taken[0]!.body.toString().match(/"class_uid":6003/g)).toHaveLength(2);
    await kit.owner.sinks.remove(place);
    expect(await kit.database.db.selectFrom('sinks').selectAll().execute()).toEqual([]);
    const { items } = await kit.owner.auditEvents.list({ params });
    const actions = items.map((item) => item.action).filter((action) => action.startsWith('sinks.'));
    expect(actions).toEqual(['sinks.remove', 'sinks.resume', 'sinks.pause', 'sinks.create']);
  });

  it('[AUD-06] can be tested: one record that says so, and it stands where it stood', async () => {
    await using peer = await httpReceiver([{ status: 200 }, { status: 401 }]);
    const { sink } = await create({ kind: 'http', name: 'siem', ...common, url: peer.url, format: 'jsonl' });
    const place = { params: { ...params, sink: sink.id } };
    expect(await kit.owner.sinks.test(place)).toEqual({ ok: false, error: 'address_not_open' });
    await open(peer.port);
    expect(await kit.owner.sinks.test(place)).toEqual({ ok: true, error: null });
    expect(peer.taken[0]!.body.toString()).toContain('"action":"sinks.test"');
    expect(await kit.owner.sinks.test(place)).toEqual({ ok: false, error: 'http_401' });
    expect(await show(sink.id)).toMatchObject({ delivered: 0, failures: 0 });
  });
});

describe('other sinks', () => {
  it('[AUD-06] changes come to a sink that wants them, once they have settled', async () => {
    await using peer = await httpReceiver();
    await open(peer.port);
    pass(60_000);
    await create({ kind: 'otlp', name: 'otel', include: 'events', from: 'now', url: `${peer.url}/v1/logs` });
    await kit.owner.rules.create({ params, body: { effect: 'deny', subject: 'everybody', object: '*' } });
    await round();
    expect(peer.taken).toHaveLength(0);
    pass(6_000);
    await round();
    expect(peer.taken).toHaveLength(1);
    expect(peer.taken[0]!.headers['content-type']).toBe('application/json');
    const text = peer.taken[0]!.body.toString();
    expect(text).toContain('rules.create');
    expect(text).not.toContain('network.allow');
  });

  it('[AUD-06] syslog is RFC 5424 with counted octets', async () => {
    await using peer = await syslogReceiver();
    await open(peer.port);
    const { sink } = await create({
      kind: 'syslog',
      name: 'log',
      ...common,
      target: `127.0.0.1:${peer.port}`,
      tls: false,
      format: 'cef',
      facility: 13,
    });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 3 });
    expect(await round()).toEqual(['idle']);
    expect(await show(sink.id)).toMatchObject({ delivered: 3 });
    expect(peer.messages).toHaveLength(3);
    for (const message of peer.messages)
      expect(message).toMatch(/^<110>1 \d{4}-\d\d-\d\dT[\d:.]+Z a mcpnest - call - CEF:0\|MCPNest\|/);
  });

  it('[AUD-06] an object store gets compressed objects that it can check, when there is enough or it is time', async () => {
    await using store = await objectStore('AKIDEXAMPLE', 'canary-secret');
    await open(store.port);
    const s3 = {
      region: 'us-east-1',
      bucket: 'logs',
      prefix: 'mcpnest/',
      format: 'jsonl',
      accessKeyId: 'AKIDEXAMPLE',
      everySeconds: 300,
    } as const;
    await create({
      kind: 's3',
      name: 'store',
      ...common,
      ...s3,
      endpoint: store.url,
      secretAccessKey: 'canary-secret',
    });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 20, from: time });
    await round();
    expect(store.objects.size).toBe(0);
    pass(300_000);
    await round();
    const [[path, body]] = [...store.objects] as [[string, Buffer]];
    expect(path).toMatch(/^\/logs\/mcpnest\/2026\/11\/21\/20261121T120000Z-call-[0-9a-f]{32}\.jsonl\.gz$/);
    expect(ids([{ body }])).toEqual(seqs(20));
    await create({
      kind: 's3',
      name: 'wrong',
      ...common,
      from: 'beginning',
      ...s3,
      endpoint: store.url,
      secretAccessKey: 'not-the-secret',
    });
    expect((await round()).at(-1)).toBe('failed');
    expect(store.objects.size).toBe(1);
  });

  it('[AUD-06] a sink of the instance gets the calls of every workspace, and is the owner’s', async () => {
    await using peer = await httpReceiver();
    await open(peer.port);
    const body = { kind: 'http', name: 'all', ...common, url: peer.url, format: 'jsonl' } as const;
    const { sink } = await kit.owner.instanceSinks.create({ body });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 1 });
    await addCalls(kit.database.db, { workspaceId: 'other', node: 'a', count: 1, firstSeq: 2 });
    await round();
    expect(ids(peer.taken)).toEqual([1, 2]);
    expect(await failure(show(sink.id))).toMatchObject({ code: 'not_found' });
  });

  it('[AUD-06] what retention deletes before it was taken is counted and told', async () => {
    const { sink } = await create({
      kind: 'http',
      name: 'siem',
      ...common,
      url: 'https://siem.example.com',
      format: 'jsonl',
    });
    await kit.owner.sinks.pause({ params: { ...params, sink: sink.id } });
    await addCalls(kit.database.db, { workspaceId, node: 'a', count: 10, from: time, everyMs: 1_000 });
    await noteMissed(
      kit.database.db,
      workspaceId,
      new Date(time + 4_000).toISOString(),
      freeCall({ workspaceId, now: time }),
    );
    expect(await show(sink.id)).toMatchObject({ missed: 4 });
    await kit.owner.sinks.resume({ params: { ...params, sink: sink.id } });
    await round();
    await round();
    const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'sinks.missed' } });
    expect(items).toMatchObject([{ actor: 'system', target: 'sink:siem', detail: { rows: 4, reason: 'retention' } }]);
  });

  it('takes no address with a user, no header that steers, no name twice, and no more than ten', async () => {
    const base = { kind: 'http', name: 'a', ...common, format: 'jsonl' } as const;
    const refused = [
      { ...base, url: 'ftp://x.example.com' },
      { ...base, url: 'https://u:p@x.example.com' },
      { ...base, url: 'https://x.example.com', headers: { Host: 'y' } },
    ];
    for (const body of refused) expect(await failure(create(body))).toMatchObject({ code: 'invalid_input' });
    for (let n = 0; n < 10; n++) await create({ ...base, name: `s${n}`, url: 'https://x.example.com' });
    expect(await failure(create({ ...base, name: 's1', url: 'https://x.example.com' }))).toMatchObject({
      code: 'already_exists',
    });
    expect(await failure(create({ ...base, name: 's10', url: 'https://x.example.com' }))).toMatchObject({
      code: 'conflict',
    });
  });
});
