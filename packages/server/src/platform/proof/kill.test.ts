import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readRecords, tempFolder } from '../journal/fixture.ts';
import { folderIn, keysOf, sealAll, sealerOf } from './fixture.ts';
import { CompactRange, leafHash } from './merkle.ts';
import { openCheckpoint } from './note.ts';
import { everyCheckpoint } from './checkpoints.ts';

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

it('[NEW-03] after kill -9 every record is in its log once, and every checkpoint signed before still holds', async () => {
  using temp = tempFolder();
  using printed = tempFolder();
  const folder = folderIn(temp.dir);
  for (let round = 0; round < 5; round++) {
    const path = join(printed.dir, `${round}`);
    const file = openSync(path, 'w');
    const sealing = spawn(process.execPath, [child, folder.dataDir], { stdio: ['ignore', file, 'inherit'] });
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
