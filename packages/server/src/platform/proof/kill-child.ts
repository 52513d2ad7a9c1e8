import { writeSync } from 'node:fs';
import { openJournal } from '../journal/journal.ts';
import { findTrim, trimJournal } from '../journal/trim.ts';
import { dayMs, folderIn, journalAt, keysOf, recordCalls, sealerOf } from './fixture.ts';
import { dayText } from './log-files.ts';
import { createPurge } from './purge.ts';

// Run by kill.test.ts: records calls and seals them as fast as it can, and prints a line for every checkpoint. A day
// passes with each turn; with `all`, keys are rotated, old days purged and old segments trimmed as well.

const folder = folderIn(process.argv[2]!);
const all = process.argv[3] === 'all';
let day = Number(process.argv[4]);
const now = (): number => day * dayMs;
const journal = await openJournal(journalAt(folder, now, 5_000));
const sealer = sealerOf(folder, now);
const purge = createPurge({
  dir: folder.proofDir,
  journal,
  sealed: async () => {
    await journal.flush();
    while ((await sealer.step()).more);
    sealer.checkpoint();
  },
});
for (;;) {
  await recordCalls(journal, 20);
  const { position } = await sealer.step();
  writeSync(1, `${sealer.checkpoint().length} ${day}\n`);
  if (!all) continue;
  day++;
  keysOf(folder, now).rotate(now());
  await purge('workspace-1', dayText(day - 3), 'retention', 'retention');
  const trim = findTrim(folder.journalDir, position, now());
  if (trim !== undefined) await trimJournal(folder.journalDir, journal, trim);
}
