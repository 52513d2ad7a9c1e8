import { writeSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import { openJournal } from '../journal/journal.ts';
import { folderIn, journalAt, recordCalls, sealerOf } from './fixture.ts';

// Run by kill.test.ts: records calls and seals them as fast as it can, and prints a line for every checkpoint.

const folder = folderIn(process.argv[2]!);
const now = (): number => systemClock.now();
const journal = await openJournal(journalAt(folder, now));
const sealer = sealerOf(folder, now);
for (;;) {
  await recordCalls(journal, 20);
  await sealer.step();
  writeSync(1, `${sealer.checkpoint().length}\n`);
}
