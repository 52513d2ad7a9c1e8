import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { macKey, options, readRecords, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { verifyJournal } from './verify.ts';

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

describe('kill -9 under load', () => {
  it.each(['available', 'strict'] as const)('[AUD-08] leaves a record of every receipt given (%s)', async (mode) => {
    using folder = tempFolder();
    using printed = tempFolder();
    const receipts: string[] = [];
    for (let round = 0; round < 3; round++) {
      const path = join(printed.dir, `${round}`);
      const file = openSync(path, 'w');
      const caller = spawn(process.execPath, [child, folder.dir, mode], { stdio: ['ignore', file, 'inherit'] });
      const exited = once(caller, 'exit');
      closeSync(file);
      await expect
        .poll(() => statSync(path).size, { timeout: 15_000, interval: 5 })
        .toBeGreaterThan(10_000 * (round + 1));
      caller.kill('SIGKILL');
      await exited;
      const lines = readFileSync(path, 'utf8').split('\n');
      receipts.push(...lines.filter((line) => line.length === 36));
    }
    expect(receipts.length).toBeGreaterThan(500);

    await using _journal = await openJournal(options(folder.dir));
    const recorded = new Set(
      readRecords(folder.dir)
        .filter(({ kind }) => kind === 'intent')
        .map(({ callId }) => callId),
    );
    expect(receipts.filter((callId) => !recorded.has(callId))).toEqual([]);
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();
  });
});
