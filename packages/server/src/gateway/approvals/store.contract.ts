import { describe, expect, it } from 'vitest';
import type { Kysely } from 'kysely';
import { newId } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import {
  claimApproval,
  continueApproval,
  countPending,
  findApproval,
  insertApproval,
  releaseApproval,
  type NewApproval,
} from './store.ts';

const start = Date.UTC(2026, 10, 21);
const at = (minutes: number): string => isoTime(start + minutes * 60_000);

/** @param stores one database as several processes hold it; the workspace `w` is in it */
export function describeApprovalStore(engine: string, stores: () => readonly Kysely<Schema>[]): void {
  describe(`approvals on ${engine}`, () => {
    const db = (i = 0): Kysely<Schema> => stores()[i % stores().length]!;
    let made = 0;
    const row = (more: Partial<NewApproval> = {}): NewApproval => ({
      id: newId(start),
      workspace_id: 'w',
      token_id: 't',
      principal_kind: 'workspace',
      member_id: null,
      machine_id: null,
      server_id: 's',
      server_slug: 's',
      tool: 'x',
      definition_hash: 'h1',
      args_mac: `a${++made}`,
      args_shape: '{}',
      call_key: `c${made}`,
      policy_version: 1,
      approvers: '[]',
      state: 'pending',
      created_at: at(0),
      expires_at: at(60),
      decided_at: null,
      decided_by: null,
      reason: null,
      used_at: null,
      sends: 0,
      ...more,
    });
    const stateOf = async (id: string) =>
      (await db().selectFrom('approvals').select('state').where('id', '=', id).executeTakeFirstOrThrow()).state;
    const yes = (answers: readonly boolean[]): number => answers.filter(Boolean).length;

    it('[NEW-04] of 50 who use one approval at once, one may', async () => {
      const approved = row({ state: 'approved' });
      await insertApproval(db(), approved);
      const claims = Array.from({ length: 50 }, (_, i) => claimApproval(db(i), approved.id, at(1)));
      expect(yes(await Promise.all(claims))).toBe(1);
      expect(await stateOf(approved.id)).toBe('used');
    });

    it('[NEW-04] of 50 who ask for one call at once, one asks', async () => {
      const asked = row();
      const tries = Array.from({ length: 50 }, (_, i) => insertApproval(db(i), { ...asked, id: newId(start) }));
      expect(yes(await Promise.all(tries))).toBe(1);
      expect(await countPending(db(), 't', at(1))).toBe(1);
    });

    it('[NEW-04] nothing is used that waits, was refused, has expired or was used', async () => {
      for (const state of ['pending', 'refused', 'expired', 'used', 'void'] as const) {
        const one = row({ state });
        await insertApproval(db(), one);
        expect([state, await claimApproval(db(), one.id, at(1))]).toEqual([state, false]);
      }
      const late = row({ state: 'approved' });
      await insertApproval(db(), late);
      expect(await claimApproval(db(), late.id, at(60))).toBe(false);
    });

    it('[NEW-04] what nothing was sent with is given back, to be used once', async () => {
      const one = row({ state: 'approved' });
      await insertApproval(db(), one);
      await claimApproval(db(), one.id, at(1));
      await releaseApproval(db(), { id: one.id, sends: 2 });
      expect(await stateOf(one.id)).toBe('used');
      await releaseApproval(db(), { id: one.id, sends: 1 });
      expect(await stateOf(one.id)).toBe('approved');
      expect(await claimApproval(db(), one.id, at(2))).toBe(true);
      expect(await claimApproval(db(), one.id, at(2))).toBe(false);
    });

    it('[NEW-04] what has expired is found no more and makes room', async () => {
      const first = row();
      await insertApproval(db(), first);
      expect(await findApproval(db(), first.call_key, at(59))).toMatchObject({ id: first.id, state: 'pending' });
      expect(await findApproval(db(), first.call_key, at(60))).toBeUndefined();
      const second = { ...first, id: newId(start + 1), created_at: at(60), expires_at: at(120) };
      expect(await insertApproval(db(), second)).toBe(true);
      expect(await stateOf(first.id)).toBe('expired');
    });

    it('[NEW-04] asking with a changed definition voids what was asked, or granted, with the old one', async () => {
      const old = row({ state: 'approved' });
      await insertApproval(db(), old);
      await insertApproval(db(), {
        ...old,
        id: newId(start),
        state: 'pending',
        definition_hash: 'h2',
        call_key: 'changed',
      });
      expect(await stateOf(old.id)).toBe('void');
      expect(await claimApproval(db(), old.id, at(1))).toBe(false);
    });

    it('[NEW-04][NEW-05] an approved call goes on once after each question', async () => {
      const one = row({ state: 'approved' });
      await insertApproval(db(), one);
      await claimApproval(db(), one.id, at(1));
      const go = (sends: number, key = one.call_key) =>
        Promise.all(Array.from({ length: 20 }, (_, i) => continueApproval(db(i), { id: one.id, sends }, key))).then(
          yes,
        );
      expect(await go(1, 'another')).toBe(0);
      expect(await go(1)).toBe(1);
      expect(await go(1)).toBe(0);
      expect(await go(2)).toBe(1);
    });
  });
}
