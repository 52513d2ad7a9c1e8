import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookEvent } from '@mcpnest/contract/schemas/webhooks';
import { approvalRow } from '../approval-row.contract.ts';
import { failure, publicUrl, startKit, type Kit } from '../kit.contract.ts';
import { createCourier, type Courier } from './courier.ts';
import { isSigned, startReceiver, type Receiver } from './receiver.contract.ts';

const params = { workspace: 'acme' };
const hourMs = 3_600_000;
let kit: Kit;
let peer: Receiver;
let courier: Courier;
beforeEach(async () => {
  kit = await startKit();
  peer = await startReceiver();
  courier = createCourier(kit.courier);
  await kit.owner.network.allow({ body: { target: peer.target } });
});
afterEach(async () => {
  await courier[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await kit[Symbol.asyncDispose]();
});

const create = (events?: WebhookEvent[], url = peer.url) =>
  kit.owner.webhooks.create({ params, body: { url, events, note: 'ops' } });
const of = (webhook: string) => ({ ...params, webhook });
const show = (id: string) => kit.owner.webhooks.get({ params: of(id) });
const deliveries = async (id: string) => (await kit.owner.webhooks.deliveries({ params: of(id) })).items;
const round = async (by = courier) => {
  await by.round();
  await by.idle();
};
/** Something that is announced. */
const happens = async (target: string) => {
  await kit.owner.machines.create({ params, body: { name: target } });
  return kit.owner.stops.create({ params, body: { target: `machine:${target}`, reason: 'it loops' } });
};
const types = () => peer.received.map(({ type }) => type);
const stopsTold = () => peer.received.filter(({ type }) => type === 'stop.created').map(({ data }) => data['target']);

describe('a webhook', () => {
  it('[NEW-04] is tried out when it is made, and signs after standardwebhooks.com with a secret shown once', async () => {
    const { webhook, secret, test } = await create();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(test).toMatchObject({ status: 204, problem: null });
    const [first] = peer.received;
    expect(first).toMatchObject({ type: 'webhook.test', data: { workspace: 'acme', webhookId: webhook.id } });
    expect(isSigned(first!, secret)).toBe(true);
    expect(isSigned({ ...first!, body: `${first!.body} ` }, secret)).toBe(false);
    expect(webhook).toMatchObject({
      state: 'active',
      waiting: 0,
      events: expect.arrayContaining(['stop.created']) as [],
    });
    const rows = JSON.stringify(await kit.database.db.selectFrom('webhooks').selectAll().execute());
    expect(rows).not.toContain(secret.slice(6));
    const events = JSON.stringify((await kit.owner.auditEvents.list({ params, query: {} })).items);
    expect(events).toContain('webhooks.create');
    expect(events).not.toMatch(/key=of-the-receiver|whsec_/);
  });

  it('goes nowhere that is not open: neither at an address named, nor by a redirect', async () => {
    for (const url of ['http://127.0.0.1:1/x', 'https://10.0.0.1/x', 'http://hooks.example.com/x', 'https://[::1]/']) {
      expect(await failure(create(undefined, url))).toMatchObject({
        code: 'invalid_input',
        issues: [{ path: 'body.url', message: expect.stringContaining('mcpnest network allow') as string }],
      });
    }
    for (const url of [
      'ftp://x.example/',
      'https://u:p@x.example/',
      'https://x.example/#a',
      'x',
      'https://x.example/\r\nhost: y',
    ])
      expect(await failure(create(undefined, url))).toMatchObject({ issues: [{ path: 'body.url' }] });
    const { webhook } = await create();
    peer.answer = () => [307, { location: 'http://127.0.0.1:1/' }];
    expect(await kit.owner.webhooks.test({ params: of(webhook.id) })).toMatchObject({
      status: 307,
      problem: 'refused',
    });
    const noted = await kit.owner.auditEvents.list({ params, query: { action: 'webhooks.test' } });
    expect(noted.items).toMatchObject([
      { target: `webhook:${webhook.id}`, detail: { origin: `http://${peer.target}` } },
    ]);
    await kit.owner.network.revoke({ params: { target: peer.target } });
    const before = peer.received.length;
    expect(await kit.owner.webhooks.test({ params: of(webhook.id) })).toMatchObject({
      status: null,
      problem: 'address',
    });
    expect(peer.received).toHaveLength(before);
  });

  it('signs with both secrets while one takes the place of the other', async () => {
    const { webhook, secret } = await create();
    const rotated = await kit.owner.webhooks.rotateSecret({ params: of(webhook.id), body: { overlapSeconds: 60 } });
    const signedWith = async () => {
      await kit.owner.webhooks.test({ params: of(webhook.id) });
      return [secret, rotated.secret].map((one) => isSigned(peer.received.at(-1)!, one));
    };
    expect(await signedWith()).toEqual([true, true]);
    kit.advance(60_000);
    expect(await signedWith()).toEqual([false, true]);
  });

  it('is for administrators', async () => {
    const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    const { webhook } = await create();
    expect(await failure(member.webhooks.list({ params }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(member.webhooks.get({ params: of(webhook.id) }))).toMatchObject({ code: 'forbidden' });
  });
});

describe('deliveries', () => {
  it('are in order, each once, and say where to decide', async () => {
    const { webhook, secret } = await create(['stop.created']);
    for (const name of ['a', 'b', 'c']) await happens(name);
    await round();
    await round();
    expect(stopsTold()).toEqual(['machine:a', 'machine:b', 'machine:c']);
    const [, first] = peer.received;
    expect(isSigned(first!, secret)).toBe(true);
    expect(first!.data).toMatchObject({
      workspace: 'acme',
      reason: 'it loops',
      decide: {
        url: `${publicUrl}/workspaces/acme/stops/${String(first!.data['stopId'])}`,
        command: `mcpnest stop lift ${String(first!.data['stopId'])}`,
      },
    });
    const log = await deliveries(webhook.id);
    expect(log.map(({ state, status, attempts }) => [state, status, attempts])).toEqual(
      [1, 2, 3].map(() => ['delivered', 204, 1]),
    );
    expect(log[2]!.id).toBe(first!.headers['webhook-id']);
    expect(JSON.stringify(log)).not.toContain('nobody must read');
  });

  it('are of what a webhook wants, and of its workspace', async () => {
    await create(['member.removed']);
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    await kit.owner.webhooks.create({ params: { workspace: 'other' }, body: { url: peer.url } });
    peer.received.length = 0;
    await happens('a');
    await round();
    expect(peer.received).toEqual([]);
  });

  it('are not made of what is rolled back', async () => {
    const { webhook } = await create();
    await happens('a');
    expect(await failure(happens('a'))).toMatchObject({ code: 'already_exists' });
    expect(await deliveries(webhook.id)).toHaveLength(1);
  });

  it('wait behind one that fails, are tried again later and later, and keep their id', async () => {
    const { webhook } = await create(['stop.created']);
    peer.answer = () => 500;
    await happens('a');
    await happens('b');
    await round();
    await round();
    expect(stopsTold()).toEqual(['machine:a']);
    const { retryAt, failingSince } = await show(webhook.id);
    const wait = Date.parse(retryAt!) - Date.parse(failingSince!);
    expect(wait).toBeGreaterThanOrEqual(3_750);
    expect(wait).toBeLessThanOrEqual(6_250);
    peer.answer = () => [503, { 'retry-after': '240' }];
    kit.advance(7_000);
    await round();
    expect(Date.parse((await show(webhook.id)).retryAt!) - kit.courier.clock.now()).toBe(240_000);
    peer.answer = () => 200;
    kit.advance(240_000);
    await round();
    expect(stopsTold()).toEqual(['machine:a', 'machine:a', 'machine:a', 'machine:b']);
    expect(new Set(peer.received.slice(1, 4).map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await show(webhook.id)).toMatchObject({ state: 'active', retryAt: null, failingSince: null, waiting: 0 });
  });

  it('that fail for a day pause their webhook, and others are told; nothing is lost', async () => {
    const { webhook } = await create(['stop.created']);
    await create(['webhook.paused']);
    peer.answer = ({ type }) => (type === 'stop.created' ? 500 : 204);
    await happens('a');
    for (let i = 0; i < 30; i++) {
      await round();
      kit.advance(hourMs);
    }
    await round();
    expect(await show(webhook.id)).toMatchObject({ state: 'paused', why: 'failing', waiting: 1 });
    expect(peer.received.at(-1)).toMatchObject({ type: 'webhook.paused', data: { webhookId: webhook.id } });
    const { items } = await kit.owner.auditEvents.list({ params, query: {} });
    expect(items[0]).toMatchObject({ action: 'webhooks.pause', actor: 'mcpnest' });
    await happens('b');
    peer.answer = () => 204;
    await kit.owner.webhooks.resume({ params: of(webhook.id) });
    await round();
    expect(stopsTold().slice(-2)).toEqual(['machine:a', 'machine:b']);
  });

  it('end where the receiver says that it is gone', async () => {
    const { webhook } = await create(['stop.created']);
    peer.answer = () => 410;
    await happens('a');
    await happens('b');
    await round();
    expect(await show(webhook.id)).toMatchObject({ state: 'gone', why: 'gone', waiting: 0 });
    await happens('c');
    expect((await deliveries(webhook.id)).map(({ state }) => state)).toEqual(['dropped', 'dropped']);
  });

  it('rest while they are paused, and one is made again when somebody asks', async () => {
    const { webhook } = await create(['stop.created']);
    await kit.owner.webhooks.pause({ params: of(webhook.id) });
    await happens('a');
    await round();
    expect(stopsTold()).toEqual([]);
    await kit.owner.webhooks.resume({ params: of(webhook.id) });
    await round();
    const [delivery] = await deliveries(webhook.id);
    const again = { ...of(webhook.id), delivery: delivery!.id };
    await kit.owner.webhooks.redeliver({ params: again });
    expect(await failure(kit.owner.webhooks.redeliver({ params: again }))).toMatchObject({ code: 'conflict' });
    await round();
    expect(stopsTold()).toEqual(['machine:a', 'machine:a']);
    expect(peer.received.at(-1)!.headers['webhook-id']).toBe(delivery!.id);
  });

  it('take turns, so that receivers that take their time keep no other waiting', async () => {
    await using slow = await startReceiver();
    await kit.owner.network.allow({ body: { target: slow.target } });
    for (let index = 0; index < 8; index++) await create(['stop.created'], slow.url);
    await create(['stop.created']);
    for (const name of ['a', 'b', 'c', 'd']) await happens(name);
    slow.received.length = 0;
    slow.answer = () => {
      kit.advance(3_000);
      return 204;
    };
    await round();
    await round();
    expect([stopsTold()[0], slow.received.length <= 16]).toEqual(['machine:a', true]);
    for (let index = 0; index < 6; index++) await round();
    expect(stopsTold()).toEqual(['machine:a', 'machine:b', 'machine:c', 'machine:d']);
    expect(slow.received).toHaveLength(32);
  });

  it('of two processes on one database are made by one', async () => {
    await create(['stop.created']);
    const second = createCourier(kit.courier);
    for (const name of ['a', 'b', 'c', 'd']) await happens(name);
    await Promise.all([round(), round(second)]);
    await Promise.all([round(), round(second)]);
    await second[Symbol.asyncDispose]();
    expect(stopsTold()).toEqual(['machine:a', 'machine:b', 'machine:c', 'machine:d']);
  });

  it('are bounded: of those that wait the oldest make room, of those that are over the newest stay', async () => {
    const { webhook } = await create(['stop.created']);
    await kit.owner.webhooks.pause({ params: of(webhook.id) });
    const stop = await happens('a');
    const [delivery] = await kit.database.db.selectFrom('webhook_deliveries').selectAll().execute();
    const rows = Array.from({ length: 999 }, (_, i) => ({ ...delivery!, id: `filler-${i}`, seq: -i }));
    for (let from = 0; from < rows.length; from += 100) {
      await kit.database.db
        .insertInto('webhook_deliveries')
        .values(rows.slice(from, from + 100))
        .execute();
    }
    await kit.owner.stops.remove({ params: { ...params, stop: stop.id } });
    await kit.owner.stops.create({ params, body: { target: 'machine:a', reason: 'again' } });
    expect((await show(webhook.id)).waiting).toBe(1_000);
    await kit.owner.webhooks.resume({ params: of(webhook.id) });
    await round();
    const left = await kit.database.db.selectFrom('webhook_deliveries').selectAll().execute();
    expect(left).toHaveLength(100);
  });
});

describe('what is told of', () => {
  it('[NEW-04] a call that waits: its shape and who may approve, then what came of it; never a value', async () => {
    await create();
    const workspace_id = (await kit.snapshot('acme')).workspace.id;
    const { token } = await kit.owner.tokens.issue({ params, body: { label: 't' } });
    const member = (await kit.owner.members.list({ params })).items[0]!;
    const ask = async (more: object = {}) => {
      const approvers = JSON.stringify([`member:${member.id}`]);
      const row = approvalRow(kit.courier.clock.now(), { workspace_id, token_id: token.id, approvers, ...more });
      await kit.database.db.insertInto('approvals').values(row).execute();
      return row.id;
    };
    const first = await ask();
    const late = await ask();
    await round();
    await round();
    expect(types().slice(1)).toEqual(['approval.requested', 'approval.requested']);
    expect(peer.received[1]!.data).toMatchObject({
      approvalId: first,
      requester: 'workspace token',
      server: 'github',
      tool: 'delete_repo',
      argsShape: { repo: 's1-16' },
      approvers: ['member:ada@example.com'],
      decide: { command: `mcpnest approval approve ${first}` },
    });
    const second = await ask();
    await kit.owner.approvals.approve({ params: { ...params, approval: first }, body: {} });
    await kit.owner.approvals.refuse({ params: { ...params, approval: second }, body: { reason: 'no' } });
    kit.advance(2 * hourMs);
    await round();
    await round();
    // One that is decided before a courier comes by is told of all the same, and before its decision.
    expect(peer.received.slice(3).map(({ type, data }) => [type, data['approvalId'], data['decision']])).toEqual([
      ['approval.decided', first, 'approved'],
      ['approval.requested', second, undefined],
      ['approval.decided', second, 'refused'],
      ['approval.expired', late, undefined],
    ]);
  });

  it('access that is asked for and granted, and who was removed', async () => {
    await kit.owner.workspaces.update({ params, body: { settings: { access: { preset: 'strict' } } } });
    await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://mcp.example.com/mcp' } });
    const cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    await create();
    const { id, memberId } = await cy.accessRequests.create({
      params,
      body: { object: 'github:x', reason: 'to see' },
    });
    await kit.owner.accessRequests.grant({ params: { ...params, request: id }, body: {} });
    await kit.owner.members.remove({ params: { ...params, member: memberId } });
    await round();
    expect(peer.received.slice(1)).toMatchObject([
      {
        type: 'access_request.created',
        data: { member: 'member:cy@example.com', decide: { command: `mcpnest access grant ${id}` } },
      },
      { type: 'access_request.decided', data: { decision: 'granted', decidedBy: 'ada@example.com' } },
      { type: 'member.removed', data: { member: 'member:cy@example.com' } },
    ]);
  });

  it('[REG-01] manifests that wait and what became of them', async () => {
    const dana = kit.clientOf(await kit.memberKey('acme', 'dana@example.com', 'member'));
    await kit.owner.teams.create({ params, body: { name: 'Data' } });
    const { items } = await kit.owner.members.list({ params });
    const member = items.find(({ email }) => email === 'dana@example.com')!.id;
    await kit.owner.teams.addMember({ params: { ...params, team: 'data', member } });
    await create();
    const body = { name: 'cat', owner: 'data', upstream: 'https://cat.example.com/mcp?key=hidden' };
    await dana.manifests.put({ params: { ...params, manifest: 'cat' }, body });
    await kit.owner.manifests.refuse({ params: { ...params, manifest: 'cat' }, body: { revision: 1, reason: 'no' } });
    await round();
    expect(peer.received.slice(1)).toMatchObject([
      { type: 'manifest.waiting', data: { manifest: 'cat', author: 'dana@example.com', revision: 1 } },
      { type: 'manifest.decided', data: { manifest: 'cat', decision: 'refused', reason: 'no' } },
    ]);
    expect(JSON.stringify(peer.received)).not.toContain('hidden');
  });

  it('stops that are lifted or end by themselves', async () => {
    await create(['stop.ended']);
    const lifted = await happens('a');
    await kit.owner.stops.remove({ params: { ...params, stop: lifted.id } });
    await kit.owner.stops.create({ params, body: { target: 'machine:a', reason: 'x', expiresInMinutes: 5 } });
    await round();
    kit.advance(5 * 60_000);
    await round();
    await round();
    expect(peer.received.slice(1).map(({ data }) => data['why'])).toEqual(['lifted', 'time']);
  });

  it('a definition that is held back, once; and health that changed', async () => {
    await kit.owner.servers.create({
      params,
      body: { name: 'github', url: 'https://mcp.example.com/mcp', pinning: 'on' },
    });
    const { db } = kit.database;
    const server_id = (await kit.snapshot('acme')).servers[0]!.id;
    await create(['tool.held_back', 'server.health_changed']);
    const list = async (description: string, fetched_at: string) => {
      const body = JSON.stringify([JSON.stringify({ name: 'search', description, inputSchema: { type: 'object' } })]);
      const row = { server_id, kind: 'tools', revision: 1, body, fetched_at };
      await db
        .insertInto('upstream_lists')
        .values(row)
        .onConflict((clash) => clash.columns(['server_id', 'kind']).doUpdateSet(row))
        .execute();
    };
    const health = async (state: string) => {
      const row = { server_id, state, since: 't', last_error_class: null, latency_ms: 1, checked_at: 't' };
      await db
        .insertInto('upstream_health')
        .values(row)
        .onConflict((clash) => clash.column('server_id').doUpdateSet(row))
        .execute();
    };
    const look = async () => {
      kit.advance(5_000);
      await round();
    };
    await list('finds', 't1');
    await health('healthy');
    await look();
    await list('finds', 't2');
    await look();
    expect(peer.received.slice(1)).toMatchObject([
      { type: 'tool.held_back', data: { server: 'github', count: 1, tools: [{ tool: 'search', why: 'new' }] } },
    ]);
    const hash = (peer.received[1]!.data['tools'] as { hash: string }[])[0]!.hash;
    await kit.owner.reviews.approve({
      params: { ...params, server: 'github' },
      body: { tools: [{ tool: 'search', hash }] },
    });
    await list('finds, and sends all of it elsewhere', 't3');
    await health('down');
    await look();
    await look();
    expect(peer.received.slice(2)).toMatchObject([
      { type: 'server.health_changed', data: { state: 'down', before: 'healthy' } },
      { type: 'tool.held_back', data: { tools: [{ tool: 'search', why: 'changed' }] } },
    ]);
  });
});
