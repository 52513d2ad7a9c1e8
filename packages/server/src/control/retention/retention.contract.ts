import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isoTime } from '../../platform/clock.ts';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { callRow } from '../call-row.contract.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const acme = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;
const after = (days: number): string => isoTime(start + days * dayMs);

/** Terms and their changes, on every database. */
export function describeTerms(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`terms of retention on ${engine}`, () => {
    let kit: Kit;
    beforeEach(async () => void (kit = await startKit(await open())));
    afterEach(() => kit[Symbol.asyncDispose]());
    const set = (days: number) => kit.owner.retention.set({ params: acme, body: { days } });
    const show = () => kit.owner.retention.show({ params: acme });
    async function addCalls(...ages: number[]): Promise<void> {
      const workspace_id = (await kit.snapshot('acme')).workspace.id;
      for (const age of ages)
        await kit.database.db
          .insertInto('mcp_tool_calls')
          .values(callRow(start - age * dayMs, { workspace_id, token_id: 't' }))
          .execute();
    }

    it('[AUD-03] lengthens at once; a shortening waits a week, shows what would go, and can be undone', async () => {
      expect(await show()).toMatchObject({
        days: 90,
        daysInForce: 90,
        eventDays: 365,
        shortening: null,
        lastRun: null,
      });
      expect(await set(400)).toMatchObject({ days: 400, daysInForce: 400, eventDays: 400, shortening: null });
      await addCalls(10, 31, 100, 130);
      expect(await set(30)).toMatchObject({
        ...{ days: 30, daysInForce: 400, eventDays: 400 },
        shortening: { effectiveAt: after(7), calls: 3, ofDays: 100 },
      });
      expect(await set(400)).toMatchObject({ days: 400, daysInForce: 400, shortening: null });
      await set(30);
      kit.advance(7 * dayMs);
      expect(await show()).toMatchObject({ days: 30, daysInForce: 30, eventDays: 365, shortening: null });
      const { items } = await kit.owner.auditEvents.list({ params: acme, query: { action: 'retention.set' } });
      expect(items.map(({ detail }) => (detail as { after: { settings: object } }).after.settings)).toMatchObject(
        [30, 400, 30, 400].map((retentionDays) => ({ retentionDays })),
      );
    });

    it('[AUD-03] each shortening has its own week, also where the settings of the workspace are changed', async () => {
      await addCalls(35, 65, 95);
      const update = (retentionDays: number) =>
        kit.owner.workspaces.update({ params: acme, body: { settings: { retentionDays } } });
      await set(120);
      await update(60);
      kit.advance(3 * dayMs);
      await update(30);
      expect(await show()).toMatchObject({ daysInForce: 120, shortening: { effectiveAt: after(7), calls: 2 } });
      kit.advance(4 * dayMs);
      expect(await show()).toMatchObject({ daysInForce: 60, shortening: { effectiveAt: after(10), calls: 3 } });
      // Not so long as it was, but longer than what is in force.
      expect(await update(90)).toMatchObject({ settings: { retentionDays: 90 } });
      expect(await show()).toMatchObject({ days: 90, daysInForce: 90, shortening: null });
    });

    it('[AUD-03] counts what a hold keeps as staying, and shows holds and the last run', async () => {
      await addCalls(35, 65);
      await kit.owner.holds.request({ params: acme, body: { name: 'x', reason: 'x', to: after(-50) } });
      await set(30);
      expect(await show()).toMatchObject({ holds: 1, shortening: { calls: 1, ofDays: 5 } });
    });

    it('[AUD-03] is bounded, and set by owners only', async () => {
      for (const days of [29, 2556, 30.5]) expect(await failure(set(days))).toMatchObject({ code: 'invalid_input' });
      const admin = kit.clientOf(await kit.memberKey('acme', 'bo@example.com', 'admin'));
      expect(await failure(admin.retention.set({ params: acme, body: { days: 400 } }))).toMatchObject({
        code: 'forbidden',
      });
      expect(await admin.retention.show({ params: acme })).toMatchObject({ days: 90 });
    });
  });
}
