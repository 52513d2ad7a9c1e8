import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { call, ending, readRecords, tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { listSegments } from '../journal/segment.ts';
import {
  dayMs,
  folderIn,
  journalAt,
  keysOf,
  nodeId,
  recordCalls,
  sealAll,
  sealerOf,
  startOfTests,
  type Folder,
} from './fixture.ts';
import { LogIndex } from './log-files.ts';
import { CompactRange, leafHash } from './merkle.ts';
import { openCheckpoint } from './note.ts';
import { verifyFolder } from './verify-folder.ts';

const linesOf = (folder: Folder, log: string): string[] => {
  const dir = join(folder.proofDir, log, 'records');
  return readdirSync(dir)
    .sort()
    .flatMap((day) => readFileSync(join(dir, day), 'latin1').split('\n').slice(0, -1));
};
const checkpointOf = (folder: Folder, log: string) =>
  openCheckpoint(
    readFileSync(join(folder.proofDir, log, 'checkpoint'), 'utf8'),
    keysOf(folder)
      .history()
      .map(({ publicKey }) => publicKey),
  );
const rootOf = (lines: readonly string[]): Buffer => {
  const range = new CompactRange();
  for (const line of lines) range.append(leafHash(Buffer.from(line, 'latin1')));
  return range.root();
};

describe('the sealer', () => {
  it('[NEW-03] puts every record into the log of its workspace, once and in order, and signs what it holds', async () => {
    using temp = tempFolder();
    const folder = folderIn(temp.dir);
    let now = startOfTests;
    let sealer = sealerOf(folder);
    for (let run = 0; run < 3; run++) {
      await using journal = await openJournal(journalAt(folder, () => now));
      await recordCalls(journal, 300);
      await sealer.step();
      now += dayMs;
      await recordCalls(journal, 301);
      // A new process goes on where the last one stood.
      sealer = sealerOf(folder);
      await sealAll(sealer);
    }
    const records = readRecords(folder.journalDir);
    const logs = ['workspace-1', 'workspace-2', 'instance'];
    for (const log of logs) {
      const lines = linesOf(folder, log);
      const { origin, size, root } = checkpointOf(folder, log);
      expect([origin, size, root]).toEqual([`mcpnest/node-1/${log}`, lines.length, rootOf(lines)]);
      using index = new LogIndex(join(folder.proofDir, log));
      for (const [leaf, line] of lines.entries()) {
        const { epoch, seq } = JSON.parse(line) as { epoch: number; seq: number };
        expect(index.find(epoch, seq, size)).toBe(leaf);
      }
      expect(index.find(1, 1_000_000, size)).toBeUndefined();
    }
    const sealed = logs.flatMap((log) => linesOf(folder, log)).map((line) => JSON.parse(line) as object);
    expect(sealed.length).toBe(records.length);
    expect(new Set(sealed.map((record) => JSON.stringify(record)))).toEqual(
      new Set(records.map((record) => JSON.stringify(record))),
    );
    const ofInstance = linesOf(folder, 'instance').map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(new Set(ofInstance)).toEqual(new Set(['epoch']));
    expect(readdirSync(join(folder.proofDir, 'workspace-1', 'records'))).toHaveLength(4);
  });

  it('knows the workspace of an outcome whose call began before the restart, and keeps closed days closed', async () => {
    using temp = tempFolder();
    const folder = folderIn(temp.dir);
    let now = startOfTests;
    await using journal = await openJournal(journalAt(folder, () => now));
    const one = call();
    const receipt = await journal.intent(one, 'available');
    await sealAll(sealerOf(folder));
    await recordCalls(journal, 10);
    await sealAll(sealerOf(folder));
    // A clock that goes back opens no file of an earlier day.
    now -= 3 * dayMs;
    journal.outcome(receipt, ending(one.callId));
    await journal.flush();
    await sealAll(sealerOf(folder));
    const last = JSON.parse(linesOf(folder, 'workspace-1').at(-1)!) as { kind: string; callId: string };
    expect(last).toMatchObject({ kind: 'outcome', callId: one.callId });
    expect(readdirSync(join(folder.proofDir, 'workspace-1', 'records'))).toEqual(['2026-11-21.jsonl']);
  });

  it('cuts back what a crash left beyond the state, and writes it anew', async () => {
    using temp = tempFolder();
    using kept = tempFolder();
    const folder = folderIn(temp.dir);
    await using journal = await openJournal(journalAt(folder, () => startOfTests));
    await recordCalls(journal, 400);
    await sealAll(sealerOf(folder));
    copyFileSync(join(folder.proofDir, 'state.json'), join(kept.dir, 'state.json'));
    const before = readFileSync(join(folder.proofDir, 'workspace-1', 'checkpoint'), 'utf8');
    await recordCalls(journal, 500);
    const sealer = sealerOf(folder);
    while ((await sealer.step()).more);
    // As if the process had died before the state was written.
    copyFileSync(join(kept.dir, 'state.json'), join(folder.proofDir, 'state.json'));
    expect(readFileSync(join(folder.proofDir, 'workspace-1', 'checkpoint'), 'utf8')).toBe(before);
    await sealAll(sealerOf(folder));
    const lines = linesOf(folder, 'workspace-1');
    expect(checkpointOf(folder, 'workspace-1')).toMatchObject({ size: lines.length, root: rootOf(lines) });
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('adds nothing to a log that was set back behind its checkpoint or whose tiles were changed', async () => {
    using temp = tempFolder();
    using kept = tempFolder();
    const folder = folderIn(temp.dir);
    await using journal = await openJournal(journalAt(folder, () => startOfTests));
    await recordCalls(journal, 400);
    await sealAll(sealerOf(folder));
    copyFileSync(join(folder.proofDir, 'state.json'), join(kept.dir, 'state.json'));
    await recordCalls(journal, 500);
    await sealAll(sealerOf(folder));
    await recordCalls(journal, 10);
    cpSync(folder.proofDir, join(kept.dir, 'proof'), { recursive: true });
    copyFileSync(join(kept.dir, 'state.json'), join(folder.proofDir, 'state.json'));
    await expect(sealAll(sealerOf(folder))).rejects.toThrow(/but a checkpoint of \d+ was signed/);

    rmSync(folder.proofDir, { recursive: true });
    cpSync(join(kept.dir, 'proof'), folder.proofDir, { recursive: true });
    const tile = join(folder.proofDir, 'workspace-1', 'tile', '1', '000');
    const bytes = readFileSync(tile);
    bytes[5]! ^= 1;
    writeFileSync(tile, bytes);
    await expect(sealAll(sealerOf(folder))).rejects.toThrow('its hashes are not those of its last checkpoint');
  });

  it('keeps no file open of a step that failed, and takes its records once it can', async () => {
    using temp = tempFolder();
    const folder = folderIn(temp.dir);
    await using journal = await openJournal(journalAt(folder, () => startOfTests));
    await recordCalls(journal, 10);
    const sealer = sealerOf(folder);
    // A folder where the second log's file would be: the first is open by then.
    const inTheWay = join(folder.proofDir, 'workspace-2', 'index');
    mkdirSync(inTheWay, { recursive: true });
    const open: number[] = [];
    for (let i = 0; i < 4; i++) {
      await expect(sealer.step()).rejects.toThrow('EISDIR');
      open.push(readdirSync('/proc/self/fd').length);
    }
    expect(open.at(-1)).toBeLessThanOrEqual(open[0]!);
    rmdirSync(inTheWay);
    await sealAll(sealer);
    for (const log of ['workspace-1', 'workspace-2']) {
      const lines = linesOf(folder, log);
      expect(new Set(lines).size).toBe(lines.length);
      expect(checkpointOf(folder, log)).toMatchObject({ size: lines.length, root: rootOf(lines) });
    }
  });

  it('[NEW-03] leaves a changed record out of every log, says which it was, and goes on', async () => {
    using temp = tempFolder();
    const folder = folderIn(temp.dir);
    await using journal = await openJournal(journalAt(folder, () => startOfTests));
    await recordCalls(journal, 50);
    const [segment] = listSegments(folder.journalDir);
    const path = join(folder.journalDir, segment!);
    const text = readFileSync(path, 'latin1');
    writeFileSync(path, text.replace('"seq":20,', '"seq":21,').replace('create_issue', 'delete_issue'), 'latin1');
    const sealer = sealerOf(folder);
    await sealAll(sealer);
    const { damage } = await sealer.step();
    expect(damage).toMatchObject({ segment, reason: expect.stringContaining('was changed') as string });
    expect((await sealerOf(folder).step()).damage).toEqual(damage);
    const sealed = ['workspace-1', 'workspace-2', 'instance'].flatMap((log) => linesOf(folder, log));
    expect(sealed.filter((line) => line.includes('delete_issue'))).toEqual([]);
    expect(sealed.length).toBeGreaterThan(80);
  });

  it.each(['', '{', 'null', '[]', '{"v":1}'])(
    '[NEW-03] says what to do where its state is damaged (%s)',
    async (text) => {
      using temp = tempFolder();
      const folder = folderIn(temp.dir);
      {
        await using journal = await openJournal(journalAt(folder, () => startOfTests));
        await recordCalls(journal, 10);
      }
      await sealAll(sealerOf(folder));
      writeFileSync(join(folder.proofDir, 'state.json'), text);
      await expect(sealerOf(folder).step()).rejects.toThrow('Put the whole folder proof back');
      expect(verifyFolder(folder.proofDir, nodeId, keysOf(folder)).firstBad).toBeDefined();
      writeFileSync(join(folder.proofDir, 'state.json'), '{"v":2,"logs":{}}');
      await expect(sealerOf(folder).step()).rejects.toThrow('newer form');
      // Without a backup: all but the list of keys goes, and the journal is sealed anew.
      for (const name of readdirSync(folder.proofDir))
        if (name !== 'keys.json') rmSync(join(folder.proofDir, name), { recursive: true });
      await sealAll(sealerOf(folder));
      expect(verifyFolder(folder.proofDir, nodeId, keysOf(folder))).toMatchObject({
        firstBad: undefined,
        logs: [{}, {}, {}],
      });
    },
  );
});
