import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import type { OpenDatabase } from '../../platform/database/database.ts';

const acme = { workspace: 'acme' };
const dayMs = 86_400_000;
const ask = { name: 'Case 12', reason: 'Counsel asked for it' };

/** Legal holds by two people, on every database. */
export function describeHolds(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`legal holds on ${engine}`, () => {
    let kit: Kit;
    let bo: Client;
    beforeEach(async () => {
      kit = await startKit(await open());
      bo = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
      kit.advance(1_000);
    });
    afterEach(() => kit[Symbol.asyncDispose]());
    const inHold = (hold: string) => ({ params: { ...acme, hold } });
    const stateOf = async (id: string) =>
      (await kit.owner.holds.list({ params: acme })).items.find((hold) => hold.id === id)!.state;

    it('[AUD-03] is asked for by one person and confirmed by another; so is its release', async () => {
      const asked = await kit.owner.holds.request({
        params: acme,
        body: { ...ask, scope: 'member:bo@example.com', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
      });
      expect(asked).toMatchObject({ state: 'requested', keeps: true, from: '2026-11-01T00:00:00.000Z' });
      expect(asked.scope).toMatch(/^member:[0-9a-f-]{36}$/);
      kit.advance(1_000);
      expect(await failure(kit.owner.holds.confirm(inHold(asked.id)))).toMatchObject({ code: 'forbidden' });
      expect(await bo.holds.confirm(inHold(asked.id))).toMatchObject({ state: 'in force', singlePerson: false });
      expect(await failure(bo.holds.confirm(inHold(asked.id)))).toMatchObject({ code: 'conflict' });
      expect(await failure(kit.owner.holds.confirmRelease(inHold(asked.id)))).toMatchObject({ code: 'conflict' });

      const body = { reason: 'The case is closed' };
      expect((await bo.holds.release({ ...inHold(asked.id), body })).state).toBe('release requested');
      kit.advance(1_000);
      expect(await failure(bo.holds.confirmRelease(inHold(asked.id)))).toMatchObject({ code: 'forbidden' });
      expect(await kit.owner.holds.confirmRelease(inHold(asked.id))).toMatchObject({ state: 'released', keeps: false });

      const { items } = await kit.owner.auditEvents.list({ params: acme });
      const events = items.filter((event) => event.target === `hold:${asked.id}`).map((event) => event.action);
      expect(events).toEqual(['holds.confirmRelease', 'holds.release', 'holds.confirm', 'holds.request']);
      expect(items.find((event) => event.action === 'holds.confirm')!.detail).toMatchObject({ state: 'in force' });
      expect(items.filter((event) => event.target === 'refused').map((event) => event.action)).toEqual([]);
    });

    it('[AUD-03] takes neither a second key of one person nor one made for the purpose', async () => {
      const other = { email: 'ada@example.com', role: 'owner', label: 'another' } as const;
      const second = kit.clientOf((await kit.owner.instanceKeys.issue({ body: other })).secret);
      kit.advance(1_000);
      const asked = await kit.owner.holds.request({ params: acme, body: ask });
      kit.advance(1_000);
      expect(await failure(second.holds.confirm(inHold(asked.id)))).toMatchObject({ code: 'forbidden' });
      const made = kit.clientOf(await kit.memberKey('acme', 'eve@example.com', 'admin'));
      expect((await failure(made.holds.confirm(inHold(asked.id)))).detail).toContain('younger');
      expect((await failure(kit.local.holds.confirm(inHold(asked.id)))).detail).toContain('two people');
      expect((await failure(kit.local.holds.request({ params: acme, body: ask }))).detail).toContain('two people');
      expect(await stateOf(asked.id)).toBe('requested');
    });

    it('[AUD-03] lapses after a week without a second person; so does what asks for its release', async () => {
      const asked = await bo.holds.request({ params: acme, body: ask });
      kit.advance(7 * dayMs);
      expect(await stateOf(asked.id)).toBe('lapsed');
      expect(await failure(kit.owner.holds.confirm(inHold(asked.id)))).toMatchObject({ code: 'conflict' });
      const again = await bo.holds.request({ params: acme, body: ask });
      await kit.owner.holds.confirm(inHold(again.id));
      await bo.holds.release({ ...inHold(again.id), body: { reason: 'closed' } });
      kit.advance(7 * dayMs);
      expect(await stateOf(again.id)).toBe('in force');
      expect(await failure(kit.owner.holds.confirmRelease(inHold(again.id)))).toMatchObject({ code: 'conflict' });
    });

    it('[AUD-03] where one person is alone the operator at the data folder is the other, and that is on record', async () => {
      await kit.owner.workspaces.create({ body: { name: 'Alone' } });
      const alone = { workspace: 'alone' };
      await kit.owner.servers.create({ params: alone, body: { name: 'one', url: 'https://one.example.com/mcp' } });
      const asked = await kit.owner.holds.request({ params: alone, body: { ...ask, scope: 'server:one' } });
      const inAlone = { params: { ...alone, hold: asked.id } };
      expect(await failure(kit.owner.holds.confirm(inAlone))).toMatchObject({ code: 'forbidden' });
      expect(await kit.local.holds.confirm(inAlone)).toMatchObject({ state: 'in force', singlePerson: true });
      await kit.local.holds.release({ ...inAlone, body: { reason: 'closed' } });
      expect(await failure(kit.local.holds.confirmRelease(inAlone))).toMatchObject({ code: 'forbidden' });
      expect(await kit.owner.holds.confirmRelease(inAlone)).toMatchObject({ state: 'released', singlePerson: true });
      const { items } = await kit.owner.auditEvents.list({ params: alone });
      expect(items.find((event) => event.action === 'holds.confirm')!.detail).toMatchObject({ singlePerson: true });
    });

    it('names what is there, and what was removed by its id', async () => {
      const machine = await kit.owner.machines.create({ params: acme, body: { name: 'nightly' } });
      const scoped = async (scope: string) =>
        (await kit.owner.holds.request({ params: acme, body: { ...ask, scope } })).scope;
      expect(await scoped('machine:nightly')).toBe(`machine:${machine.id}`);
      await kit.owner.machines.remove({ params: { ...acme, machine: machine.id } });
      expect(await failure(scoped('machine:nightly'))).toMatchObject({ code: 'not_found' });
      expect(await scoped(`machine:${machine.id}`)).toBe(`machine:${machine.id}`);
      expect(await failure(scoped('member:nobody@example.com'))).toMatchObject({ code: 'not_found' });
      expect(await failure(scoped('server:missing'))).toMatchObject({ code: 'not_found' });
      expect(await failure(scoped('everything'))).toMatchObject({ code: 'invalid_input' });
      const turned = { ...ask, from: '2026-12-01T00:00:00Z', to: '2026-11-01T00:00:00Z' };
      expect(await failure(kit.owner.holds.request({ params: acme, body: turned }))).toMatchObject({
        code: 'invalid_input',
      });
    });
  });
}
