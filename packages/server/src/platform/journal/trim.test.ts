import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderIn, journalAt, recordCalls, sealAll, sealerOf, startOfTests, dayMs } from '../proof/fixture.ts';
import { macKey, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { listSegments } from './segment.ts';
import { findTrim, trimJournal } from './trim.ts';
import { verifyJournal } from './verify.ts';

describe('segments that have done their work', () => {
  it('[NEW-03] are deleted once they are old and sealed, and the journal says so', async () => {
    using temp = tempFolder();
    const folder = folderIn(temp.dir);
    const { journalDir: dir } = folder;
    let now = startOfTests;
    const first = await openJournal(journalAt(folder, () => now));
    await recordCalls(first, 200);
    const sealer = sealerOf(folder, () => now);
    await sealAll(sealer);
    now += 9 * dayMs;
    await recordCalls(first, 200);
    await first[Symbol.asyncDispose]();
    await using journal = await openJournal(journalAt(folder, () => now));
    const half = { segment: listSegments(dir)[0]!, byteOffset: 100 };
    expect(findTrim(dir, half, now)).toBeUndefined();
    const { reread } = await sealer.step();
    const trim = findTrim(dir, reread, now)!;
    const before = listSegments(dir).length;
    await trimJournal(dir, journal, trim);
    expect(listSegments(dir).length).toBeLessThan(before);
    expect(listSegments(dir)[0]).toContain('2026-11-30');
    expect(verifyJournal(dir, macKey).firstBad).toBeUndefined();
    expect(findTrim(dir, (await sealer.step()).reread, now)).toBeUndefined();
    // What was sealed stays sealed, and sealing goes on.
    await recordCalls(journal, 10);
    await sealAll(sealerOf(folder, () => now));
    expect(readdirSync(join(folder.proofDir, 'workspace-1', 'records'))).toHaveLength(2);

    const [gone] = listSegments(dir);
    rmSync(join(dir, gone!));
    expect(verifyJournal(dir, macKey).firstBad).toMatchObject({
      line: 1,
      reason: 'records before this one are missing, and no record says that they were deleted',
    });
  });
});
