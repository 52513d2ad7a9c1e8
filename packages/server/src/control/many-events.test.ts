import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteStream } from '@mcpnest/contract/operation';
import { newId } from '../domain/ids.ts';
import { insertEvent } from '../platform/audit-events.ts';
import { isoTime } from '../platform/clock.ts';
import { nextEvents } from '../platform/handover/walk.ts';
import { startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

let kit: Kit;
let workspaceId: string;
beforeEach(async () => {
  kit = await startKit();
  workspaceId = (await kit.snapshot('acme')).workspace.id;
});
afterEach(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
const lines = async ({ body }: ByteStream): Promise<Record<string, unknown>[]> =>
  (await text(body))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('large changes', () => {
  const million = 'x'.repeat(1_000_000);
  const count = 20;
  beforeEach(async () => {
    const event = { workspaceId, actor: 'user:u', action: 'policy.import', target: 'policy', detail: { million } };
    for (let index = 0; index < count; index++) await insertEvent(kit.database.db, event, start + index);
    kit.advance(10_000);
  });

  it('[AUD-06] are handed over a few at a time, every one of them', async () => {
    const range = { after: { at: '', id: '' } };
    const page = await nextEvents(kit.database.db, { workspaceId }, range, 200);
    expect(page.filter(({ action }) => action === 'policy.import').length).toBeLessThan(10);
    const read = await lines(await kit.owner.handover.export({ params, query: { include: 'events' } }));
    expect(read.filter(({ action }) => action === 'policy.import')).toHaveLength(count);
  });

  it('are listed a few at a time, every one of them', async () => {
    const found: string[] = [];
    let pages = 0;
    for (let cursor: string | null | undefined; cursor !== null; pages++) {
      const query = { action: 'policy.import', limit: 200, ...(cursor === undefined ? {} : { cursor }) };
      const { items, nextCursor } = await kit.owner.auditEvents.list({ params, query });
      found.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect([new Set(found).size, found.length, pages]).toEqual([count, count, 3]);
  });

  it('make a timeline that says that it is not complete', async () => {
    const member = await kit.owner.members.add({ params, body: { email: 'a@example.com' } });
    const timeline = await kit.owner.timelines.member({ params: { ...params, member: member.id }, query: {} });
    expect(timeline.complete).toBe(false);
  });
});

it('a timeline finds who is named however many changes name others, and gives those their turn meanwhile', async () => {
  const member = await kit.owner.members.add({ params, body: { email: 'a@example.com' } });
  await kit.owner.rules.create({ params, body: { effect: 'deny', subject: 'member:a@example.com', object: '*' } });
  const at = (index: number) => isoTime(start + 60_000 + index);
  const rows = Array.from({ length: 9_000 }, (_, index) => ({
    ...{ id: newId(start + 60_000 + index), workspace_id: workspaceId, actor: 'user:u', action: 'servers.update' },
    ...{ target: 'server:x', detail: '{}', salt: 's', commitment: 'c', created_at: at(index) },
  }));
  for (let done = 0; done < rows.length; done += 500)
    await kit.database.db
      .insertInto('audit_events')
      .values(rows.slice(done, done + 500))
      .execute();
  let turns = 0;
  let pulse = setImmediate(function turn() {
    turns++;
    pulse = setImmediate(turn);
  });
  const timeline = await kit.owner.timelines.member({ params: { ...params, member: member.id }, query: {} });
  clearImmediate(pulse);
  expect(timeline.items.map(({ what }) => what.split(' ', 1)[0]).sort()).toEqual(['members.add', 'rules.create']);
  expect([timeline.complete, turns >= 4]).toEqual([true, true]);
});

it('a change that somebody spoilt in the database is handed over without its detail, and so are the others with theirs', async () => {
  for (const name of ['a', 'b']) await kit.owner.teams.create({ params, body: { name } });
  await kit.database.db
    .updateTable('audit_events')
    .set({ detail: '{' })
    .where('action', '=', 'teams.create')
    .where('target', '=', 'team:a')
    .execute();
  kit.advance(10_000);
  const read = await lines(await kit.owner.handover.export({ params, query: { include: 'events' } }));
  expect(read.filter(({ action }) => action === 'teams.create')).toMatchObject([
    { target: 'team:a', detail: null },
    { target: 'team:b', detail: expect.any(Object) as object },
  ]);
});
