import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, ending, macKey, options, readRecords, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { inherit } from './restart.ts';
import { listSegments } from './segment.ts';
import { verifyJournal } from './verify.ts';

async function record(dir: string, calls: number): Promise<void> {
  await using journal = await openJournal(options(dir));
  for (let i = 0; i < calls; i++) {
    const one = call();
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
  }
}

describe('a journal opened again', () => {
  it('[AUD-03] numbers records without holes within an epoch and begins a higher epoch at each start', async () => {
    using folder = tempFolder();
    for (let run = 1; run <= 4; run++) await record(folder.dir, run);
    const records = readRecords(folder.dir);
    expect([...new Set(records.map(({ epoch }) => epoch))]).toEqual([1, 2, 3, 4]);
    for (let epoch = 1; epoch <= 4; epoch++) {
      const numbers = records.filter((one) => one.epoch === epoch).map(({ seq }) => seq);
      expect(numbers).toEqual(Array.from({ length: 1 + 2 * epoch }, (_, i) => i + 1));
    }
  });

  it('repairs a tail torn at any byte of the last record, keeps the bytes and says so under signature', async () => {
    using folder = tempFolder();
    await record(folder.dir, 2);
    const [segment] = listSegments(folder.dir);
    const path = join(folder.dir, segment!);
    const whole = readFileSync(path);
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let cut = lastLine + 1; cut < whole.length; cut++) {
      writeFileSync(path, whole.subarray(0, cut));
      const { repaired, damage, prev } = inherit(folder.dir, 0);
      expect({ damage, repaired: repaired?.bytes }).toEqual({ damage: undefined, repaired: cut - lastLine });
      expect(whole.lastIndexOf(prev, lastLine)).toBe(lastLine - 67);
      expect(readFileSync(path)).toEqual(whole.subarray(0, lastLine));
    }
    for (const cut of [lastLine + 1, lastLine + 100, whole.length - 1]) {
      for (const name of readdirSync(folder.dir)) if (name !== segment) rmSync(join(folder.dir, name));
      writeFileSync(path, whole.subarray(0, cut));
      await using journal = await openJournal(options(folder.dir));
      expect(journal.health).toMatchObject({ ok: true, reason: undefined, gaps: 0, damage: undefined });
      expect(readFileSync(path)).toEqual(whole.subarray(0, lastLine));
      expect(readFileSync(`${path}.torn-2`)).toEqual(whole.subarray(lastLine, cut));
      expect(readRecords(folder.dir).at(-1)).toMatchObject({
        kind: 'epoch',
        epoch: 2,
        seq: 1,
        repaired: { segment, bytes: cut - lastLine },
      });
      expect(verifyJournal(folder.dir, macKey)).toMatchObject({ firstBad: undefined, repairedBytes: cut - lastLine });
    }
  });

  it('repairs a tail of zero bytes, which a power cut can leave', async () => {
    using folder = tempFolder();
    await record(folder.dir, 2);
    const path = join(folder.dir, listSegments(folder.dir)[0]!);
    const before = readFileSync(path);
    truncateSync(path, before.length + 10_000);
    await record(folder.dir, 1);
    expect(readFileSync(path)).toEqual(before);
    expect(verifyJournal(folder.dir, macKey)).toMatchObject({ firstBad: undefined, repairedBytes: 10_000 });
  });

  it('starts with a bit flipped in the middle of the file and reports its number', async () => {
    using folder = tempFolder();
    await record(folder.dir, 5);
    const path = join(folder.dir, listSegments(folder.dir)[0]!);
    const bytes = readFileSync(path);
    const text = bytes.toString('latin1');
    const third = text.indexOf('"seq":3,');
    bytes[text.indexOf('"callId"', third) + 12]! ^= 1;
    writeFileSync(path, bytes);
    for (let start = 0; start < 2; start++) {
      await using journal = await openJournal(options(folder.dir));
      expect(journal.health.ok).toBe(true);
      if (start === 0) expect(journal.health.damage).toMatchObject({ line: 3, seq: 3 });
    }
    expect(readFileSync(path)).toEqual(bytes);
    expect(verifyJournal(folder.dir, macKey).firstBad).toMatchObject({ line: 3, seq: 3 });
  });

  it('does not destroy a last record that is whole but changed: it is kept beside the segment and reported', async () => {
    using folder = tempFolder();
    await record(folder.dir, 1);
    const path = join(folder.dir, listSegments(folder.dir)[0]!);
    const bytes = readFileSync(path);
    bytes[bytes.length - 200]! ^= 1;
    writeFileSync(path, bytes);
    await using journal = await openJournal(options(folder.dir));
    expect(journal.health.damage).toMatchObject({ line: 3, seq: 3 });
    expect(readFileSync(path).length + readFileSync(`${path}.torn-2`).length).toBe(bytes.length);
  });

  it('never repeats an epoch when the epoch file or the whole folder is lost', async () => {
    using folder = tempFolder();
    await record(folder.dir, 1);
    await record(folder.dir, 1);
    rmSync(join(folder.dir, 'epoch'));
    await record(folder.dir, 1);
    expect(readRecords(folder.dir).at(-1)!.epoch).toBe(3);
    rmSync(folder.dir, { recursive: true });
    await using _journal = await openJournal(options(folder.dir, { afterEpoch: 3 }));
    expect(readRecords(folder.dir).at(-1)!.epoch).toBe(4);
  });

  it('refuses a folder it cannot use and names the remedy', async () => {
    using folder = tempFolder();
    const file = join(folder.dir, 'file');
    writeFileSync(file, '');
    await expect(openJournal(options(join(file, 'journal')))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/cannot be written .*make room/s) as string,
    });
    expect(existsSync(join(file, 'journal'))).toBe(false);
  });
});
