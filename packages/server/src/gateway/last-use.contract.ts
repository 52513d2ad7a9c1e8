import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../platform/database/migrate.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import { createLog } from '../platform/log.ts';
import { LastUse } from './last-use.ts';

const start = Date.UTC(2026, 10, 21, 12);

/** What holds of the times of last use on either engine. */
export function describeLastUse(engine: string, openEmpty: () => Promise<OpenDatabase>): void {
  describe(`last use on ${engine}`, () => {
    let elapsed: number;
    let database: OpenDatabase;
    let lines: string[];
    const clock = { now: () => start + elapsed, monotonic: () => elapsed };
    const open = () =>
      new LastUse({ db: database.db, clock, log: createLog('warn', { write: (line) => lines.push(line) }) });
    const stored = async () =>
      Object.fromEntries(
        (await database.db.selectFrom('token_last_use').selectAll().execute()).map((row) => [
          row.token_id,
          row.used_at,
        ]),
      );

    beforeEach(async () => {
      elapsed = 0;
      lines = [];
      database = await openEmpty();
      await migrate(database, clock);
    });
    afterEach(() => database[Symbol.asyncDispose]());

    it('writes nothing while calls come in, and the last use of each token when it is time', async () => {
      const uses = open();
      for (let at = 0; at < 1_000; at++) uses.note(at % 2 === 0 ? 'a' : 'b', at);
      expect(await stored()).toEqual({});
      elapsed = 5_000;
      await uses.flush();
      expect(await stored()).toEqual({ a: '2026-11-21T12:00:00.998Z', b: '2026-11-21T12:00:00.999Z' });
    });

    it('writes what is left when it stops, and several hundred tokens at once', async () => {
      const uses = open();
      for (let token = 0; token < 450; token++) uses.note(`t${token}`, token);
      await uses[Symbol.asyncDispose]();
      expect(Object.keys(await stored())).toHaveLength(450);
    });

    it('never turns back a later use that another process has written', async () => {
      const [here, there] = [open(), open()];
      here.note('a', 1_000);
      there.note('a', 9_000);
      await there.flush();
      await here.flush();
      expect(await stored()).toEqual({ a: '2026-11-21T12:00:09.000Z' });
    });

    it('keeps what a database in trouble does not take, and never rejects', async () => {
      const uses = open();
      uses.note('a', 1_000);
      uses.note('b', 2_000);
      await database.db.schema.alterTable('token_last_use').renameTo('away').execute();
      await uses.flush();
      expect(lines.join('')).toContain('last uses cannot be written');
      await database.db.schema.alterTable('away').renameTo('token_last_use').execute();
      uses.note('a', 3_000);
      await uses.flush();
      expect(await stored()).toEqual({ a: '2026-11-21T12:00:03.000Z', b: '2026-11-21T12:00:02.000Z' });
    });
  });
}
