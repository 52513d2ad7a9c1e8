import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../platform/log.ts';
import { startEventChain, type EventChain } from '../../platform/journal/event-chain.ts';
import { options, tempFolder } from '../../platform/journal/fixture.ts';
import { openJournal, type Journal } from '../../platform/journal/journal.ts';
import { failure, startKit, type Kit } from '../kit.contract.ts';

let stack: AsyncDisposableStack;
let kit: Kit;
let chain: EventChain;
let journal: Journal;
let dir: string;
let passed = 0;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  kit = stack.use(await startKit());
  ({ dir } = stack.use(tempFolder()));
  passed = 0;
  const now = (): number => Date.UTC(2026, 10, 21, 12) + passed;
  const clock = { now, monotonic: now };
  journal = stack.use(await openJournal(options(dir, { clock })));
  const macKey = kit.vault.deriveKey('journal/events');
  const { db } = kit.database;
  chain = stack.use(startEventChain({ db, journal, nodeId: 'node-1', macKey, clock, log: createLog('silent') }));
});
afterEach(() => stack.disposeAsync());

const params = { workspace: 'acme' };
const advance = (ms: number): void => {
  passed += ms;
  kit.advance(ms);
};
const events = async (client = kit.owner) => (await client.auditEvents.list({ params })).items;
const states = async () => (await events()).map(({ chain: { state } }) => state);

describe('an event and its place in the chain', () => {
  it('[AUD-05] waits, is in the chain, and shows any change of its row since', async () => {
    await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
    expect(new Set(await states())).toEqual(new Set(['waiting']));
    await chain.run();
    const [newest] = await events();
    expect(newest!.chain).toMatchObject({
      state: 'intact',
      node: 'node-1',
      epoch: 1,
      seq: expect.any(Number) as number,
    });
    const { db } = kit.database;
    const row = await db.selectFrom('audit_events').selectAll().where('id', '=', newest!.id).executeTakeFirstOrThrow();
    const changes = [
      { target: 'member:di@example.com' },
      { detail: '{"email":"di@example.com"}' },
      { detail: 'no JSON' },
      { actor: 'local-cli' },
      { action: 'members.remove' },
      { created_at: '2026-11-20T12:00:00.000Z' },
      { salt: '00'.repeat(16) },
      { commitment: 'a'.repeat(64) },
      { target: null },
      { chain_seq: 999 },
      { chain_node: 'node-2' },
      { chain_mac: null },
      { chain_mac: 'b'.repeat(64) },
    ];
    for (const change of changes) {
      await db.updateTable('audit_events').set(change).where('id', '=', row.id).execute();
      const shown = (await kit.owner.auditEvents.list({ params, query: { limit: 200 } })).items;
      expect([change, shown.find(({ id }) => id === row.id)?.chain.state]).toEqual([change, 'changed']);
      await db.updateTable('audit_events').set(row).where('id', '=', row.id).execute();
    }
    expect(await states()).toEqual((await states()).map(() => 'intact'));
  });

  it('[AUD-05] is shown as erased, and everything else as it was, once its text is gone', async () => {
    await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
    await chain.run();
    const [newest] = await events();
    const { db } = kit.database;
    const blank = { target: null, detail: null, salt: null };
    await db.updateTable('audit_events').set(blank).where('id', '=', newest!.id).execute();
    expect((await events())[0]).toMatchObject({ target: null, detail: null, chain: { state: 'erased' } });
    await db.updateTable('audit_events').set({ actor: 'local-cli' }).where('id', '=', newest!.id).execute();
    expect((await events())[0]!.chain.state).toBe('changed');
  });
});

describe('who watches', () => {
  const later = async () => {
    advance(60_000);
    await chain.run();
  };

  it('[AUD-05] reading records is one event of an actor, operation and minute, with a count', async () => {
    const bo = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
    for (let page = 0; page < 5; page++) await bo.calls.list({ params });
    await bo.auditEvents.list({ params });
    await kit.owner.auditEvents.listAll({});
    expect(
      await failure(bo.calls.explain({ params: { ...params, call: '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11' } })),
    ).toMatchObject({ code: 'not_found' });
    await later();
    const all = await kit.database.db.selectFrom('audit_events').selectAll().where('target', '=', 'records').execute();
    expect(
      all
        .map(({ workspace_id, action, detail }) => [
          workspace_id !== null,
          action,
          (JSON.parse(detail!) as { count: number }).count,
        ])
        .sort(),
    ).toEqual([
      [false, 'auditEvents.listAll', 1],
      [true, 'auditEvents.list', 1],
      [true, 'calls.list', 5],
    ]);
    const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'calls.list' } });
    expect(items).toMatchObject([
      { actorEmail: 'bo@example.com', detail: { count: 5, minute: '2026-11-21T12:00:00.000Z' } },
    ]);
    await bo.calls.list({ params });
    await later();
    expect((await kit.owner.auditEvents.list({ params, query: { action: 'calls.list' } })).items).toHaveLength(2);
  });

  it('[AUD-05] nobody is shown records whose reading cannot be put on record', async () => {
    await kit.database.db.schema.dropTable('event_counts').execute();
    expect(await failure(kit.owner.calls.list({ params }))).toMatchObject({ code: 'internal' });
    expect((await kit.owner.members.list({ params })).items).toHaveLength(1);
  });

  it('[AUD-05] refused attempts and failed log-ins are events, however many, and in nobody else’s workspace', async () => {
    const cy = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    for (let i = 0; i < 3; i++)
      await failure(cy.rules.create({ params, body: { effect: 'deny', subject: 'everybody', object: '*' } }));
    await failure(cy.calls.list({ params }));
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    await failure(cy.calls.list({ params: { workspace: 'other' } }));
    for (let i = 0; i < 4; i++) {
      await kit.send('GET', '/api/v1/workspaces', { key: 'mnk_wrong', remoteAddress: '192.0.2.7' });
    }
    for (let i = 0; i < 300; i++) {
      await kit.send('GET', '/api/v1/workspaces', { key: null, remoteAddress: `198.51.100.${i}` });
    }
    await later();
    await chain.run();
    expect(
      (await kit.owner.auditEvents.list({ params: { workspace: 'other' } })).items.map(({ action }) => action),
    ).toEqual(['workspaces.create']);
    const refused = (await events()).filter(({ target }) => target === 'refused');
    expect(
      refused.map(({ action, detail, actorEmail }) => [action, (detail as { count: number }).count, actorEmail]).sort(),
    ).toEqual([
      ['calls.list', 1, 'cy@example.com'],
      ['rules.create', 3, 'cy@example.com'],
    ]);
    const logins = await kit.database.db.selectFrom('audit_events').selectAll().where('action', '=', 'login').execute();
    const counts = new Map(
      logins.map(({ target, detail }) => [target, (JSON.parse(detail!) as { count: number }).count]),
    );
    expect([counts.get('address:192.0.2.7'), counts.get('address:others'), counts.size]).toEqual([4, 101, 201]);
    expect(logins.every(({ actor, workspace_id }) => actor === 'anonymous' && workspace_id === null)).toBe(true);
  });
});

it('[SH-03] finds the changes of one person, by their address, and of the operator', async () => {
  await kit.owner.teams.create({ params, body: { name: 'Leads' } });
  await kit.local.teams.create({ params, body: { name: 'Ops' } });
  const of = async (actor: string) =>
    (await kit.owner.auditEvents.list({ params, query: { actor, action: 'teams.create' } })).items.map(
      ({ target }) => target,
    );
  expect(await of('Ada@example.com')).toEqual(['team:leads']);
  expect(await of('local-cli')).toEqual(['team:ops']);
  expect(await of('nobody@example.com')).toEqual([]);
});
