import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { macKey, readRecords, tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { verifyJournal } from '../journal/verify.ts';
import { dayMs, folderIn, journalAt, keysOf, nodeId, sealAll, sealerOf } from './fixture.ts';
import { verifyFolder } from './verify-folder.ts';
import { CompactRange, leafHash } from './merkle.ts';
import { openCheckpoint } from './note.ts';
import { everyCheckpoint } from './checkpoints.ts';

const rounds = 20;
const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

it('[NEW-03] after kill -9 every record is in its log once, and every checkpoint signed before still holds', async () => {
  using temp = tempFolder();
  using printed = tempFolder();
  const folder = folderIn(temp.dir);
  for (let round = 0; round < 5; round++) {
    const path = join(printed.dir, `${round}`);
    const file = openSync(path, 'w');
    const sealing = spawn(process.execPath, [child, folder.dataDir, 'seal', '20778'], {
      stdio: ['ignore', file, 'inherit'],
    });
    const exited = once(sealing, 'exit');
    closeSync(file);
    await expect.poll(() => statSync(path).size, { timeout: 15_000, interval: 3 }).toBeGreaterThan(20 + round * 7);
    sealing.kill('SIGKILL');
    await exited;
  }
  await sealAll(sealerOf(folder));
  const keys = keysOf(folder)
    .history()
    .map(({ publicKey }) => publicKey);
  const sealed: unknown[] = [];
  for (const log of ['workspace-1', 'workspace-2', 'instance']) {
    const dir = join(folder.proofDir, log);
    const lines = readdirSync(join(dir, 'records'))
      .sort()
      .flatMap((day) =>
        readFileSync(join(dir, 'records', day), 'latin1')
          .split('\n')
          .slice(0, -1),
      );
    const roots = new Map<number, Buffer>();
    const range = new CompactRange();
    for (const line of lines) {
      range.append(leafHash(Buffer.from(line, 'latin1')));
      roots.set(range.size, range.root());
      sealed.push(JSON.parse(line));
    }
    const signed = [...everyCheckpoint(dir)].map((note) => openCheckpoint(note, keys));
    expect(signed.at(-1)?.size).toBe(lines.length);
    for (const { size, root } of signed) expect(root).toEqual(roots.get(size));
  }
  const order = (record: unknown): string => JSON.stringify(record);
  expect(sealed.map(order).sort()).toEqual(readRecords(folder.journalDir).map(order).sort());
});

it('[NEW-03][AUD-03] after kill -9 while keys are rotated, days purged and segments trimmed, everything still adds up', async () => {
  using temp = tempFolder();
  using printed = tempFolder();
  const folder = folderIn(temp.dir);
  const path = join(printed.dir, 'out');
  let day = 20_778;
  for (let round = 0; round < rounds; round++) {
    const file = openSync(path, 'a');
    const working = spawn(process.execPath, [child, folder.dataDir, 'all', `${day}`], {
      stdio: ['ignore', file, 'inherit'],
    });
    const exited = once(working, 'exit');
    closeSync(file);
    const before = statSync(path).size;
    await expect.poll(() => statSync(path).size, { timeout: 15_000, interval: 3 }).toBeGreaterThan(before);
    await sleep(Math.random() * 150);
    working.kill('SIGKILL');
    await exited;
    day = Number(/(\d+)\n$/.exec(readFileSync(path, 'utf8'))![1]);
    const now = (): number => (day + 1) * dayMs;
    {
      // The next start repairs the tail, as ever.
      await using _journal = await openJournal(journalAt(folder, now));
    }
    await sealAll(sealerOf(folder, now));
    expect([round, verifyJournal(folder.journalDir, macKey).firstBad]).toEqual([round, undefined]);
    expect([round, verifyFolder(folder.proofDir, nodeId, keysOf(folder)).firstBad]).toEqual([round, undefined]);
  }
  expect(verifyFolder(folder.proofDir, nodeId, keysOf(folder)).logs.some(({ purged }) => purged > 0)).toBe(true);
  const history = keysOf(folder).history();
  expect(history.length).toBeGreaterThan(rounds);
  expect(keysOf(folder).current().publicKey).toBe(history.at(-1)!.publicKey);
}, 120_000);
