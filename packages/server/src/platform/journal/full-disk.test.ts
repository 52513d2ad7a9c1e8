import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, ending, macKey, options, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { verifyJournal } from './verify.ts';

const maySmallDisk = process.platform === 'linux' && process.getuid?.() === 0;

/** A file system of 256 KiB; only root may make one. */
function smallDisk(dir: string): Disposable {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir]);
  return { [Symbol.dispose]: () => void execFileSync('umount', ['-l', dir]) };
}

describe.skipIf(!maySmallDisk)('a full disk (needs root on Linux to mount a small one)', () => {
  it('[AUD-04] refuses strict calls, lets available ones go on counted, and recovers when there is room', async () => {
    using folder = tempFolder();
    using _disk = smallDisk(folder.dir);
    const ballast = join(folder.dir, 'ballast');
    writeFileSync(ballast, Buffer.alloc(100 * 1024));
    const journal = await openJournal(options(folder.dir, { segmentBytes: 40_000 }));

    let recorded = 0;
    let gaps = 0;
    while (gaps < 100) {
      const one = call();
      const receipt = await journal.intent(one, 'available');
      if (receipt.gap) gaps++;
      else recorded++;
      journal.outcome(receipt, ending(one.callId));
    }
    expect(journal.health).toMatchObject({ ok: false, reason: 'ENOSPC', gaps: 100 });
    await expect(journal.intent(call(), 'strict')).rejects.toMatchObject({ code: 'unavailable' });
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();

    rmSync(ballast);
    await expect.poll(() => journal.health.ok, { timeout: 10_000 }).toBe(true);
    await journal.intent(call(), 'strict');
    await journal[Symbol.asyncDispose]();
    const verification = verifyJournal(folder.dir, macKey);
    expect(verification).toMatchObject({ lost: 100, firstBad: undefined });
    // An epoch record, intents and outcomes, a gap record, and the strict call at the end.
    expect(verification.records).toBe(1 + 2 * recorded + 1 + 1);
  });
});
