import { afterEach, beforeEach, expect, it } from 'vitest';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const params = { workspace: 'acme', server: 'github' };
let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
  const body = { name: 'github', url: 'https://mcp.example.com/mcp' };
  await kit.owner.servers.create({ params: { workspace: 'acme' }, body });
});
afterEach(() => kit[Symbol.asyncDispose]());

const drillOf = async () => (await kit.snapshot('acme')).servers[0]?.drill;

it('[NEW-14] runs for so long, is seen in the health, and ends by itself', async () => {
  const made = await kit.owner.drills.start({ params, body: { seconds: 30 } });
  expect(made).toMatchObject({ running: true, endsAt: '2026-11-21T12:00:30.000Z', calls: 0, affected: [] });
  expect(await drillOf()).toEqual({ id: made.id, endsAt: made.endsAt });
  expect(await kit.owner.servers.health({ params })).toMatchObject({ state: 'drill', since: made.startedAt });
  expect((await kit.owner.servers.show({ params })).health.state).toBe('drill');
  expect(await failure(kit.owner.drills.start({ params, body: {} }))).toMatchObject({ code: 'conflict' });
  kit.advance(30_000);
  expect((await kit.owner.servers.health({ params })).state).toBe('unknown');
  expect((await kit.owner.drills.list({ params })).items).toMatchObject([{ id: made.id, running: false }]);
  expect(await failure(kit.owner.drills.stop({ params }))).toMatchObject({ code: 'not_found' });
  expect((await kit.owner.drills.start({ params, body: {} })).endsAt).toBe('2026-11-21T12:01:30.000Z');
});

it('[NEW-14] can be ended before its time, and both are in the audit trail', async () => {
  await kit.owner.drills.start({ params, body: { seconds: 600 } });
  kit.advance(5_000);
  await kit.owner.drills.stop({ params });
  expect(await drillOf()).toBeNull();
  expect((await kit.owner.drills.list({ params })).items).toMatchObject([
    { running: false, endsAt: '2026-11-21T12:00:05.000Z' },
  ]);
  const events = (await kit.owner.auditEvents.list({ params, query: {} })).items;
  expect(events.slice(0, 2).map(({ action }) => action)).toEqual(['drills.stop', 'drills.start']);
});

it('[NEW-14] lasts at most ten minutes and is for administrators', async () => {
  for (const seconds of [0, 601, 1.5])
    expect(await failure(kit.owner.drills.start({ params, body: { seconds } }))).toMatchObject({
      issues: [{ path: 'body.seconds' }],
    });
  const missing = { ...params, server: 'missing' };
  expect(await failure(kit.owner.drills.start({ params: missing, body: {} }))).toMatchObject({ code: 'not_found' });
  const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  expect(await failure(member.drills.start({ params, body: {} }))).toMatchObject({ code: 'forbidden' });
  expect(await failure(member.drills.list({ params }))).toMatchObject({ code: 'forbidden' });
});
