import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { systemClock } from '../clock.ts';
import { folderIn, journalAt, recordCalls, sealerOf, startOfTests } from './fixture.ts';
import { startSealLoop } from './seal-loop.ts';

it('ends at once when it is stopped in the pause in which small records are gathered', async () => {
  using temp = tempFolder();
  const folder = folderIn(temp.dir);
  await using journal = await openJournal(journalAt(folder, () => startOfTests));
  await recordCalls(journal, 3);
  const told: string[] = [];
  const loop = startSealLoop({
    sealer: sealerOf(folder),
    clock: systemClock,
    checkpointEveryMs: 60_000,
    tell: ({ kind }) => void told.push(kind),
  });
  await sleep(300);
  const before = systemClock.monotonic();
  await loop.stop(10_000);
  expect(systemClock.monotonic() - before).toBeLessThan(2_000);
  expect(told).toEqual(['checkpoints']);
});
