import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBundle } from '../../../../../test/proof-check.ts';
import { tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { verifyJournal } from '../journal/verify.ts';
import { macKey } from '../journal/fixture.ts';
import { bundleLines, rangeOfDays } from './bundle.ts';
import { everyCheckpoint } from './checkpoints.ts';
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
import { openLog } from './log-reader.ts';
import { createPurge } from './purge.ts';
import type { TrustGiven } from './trust.ts';
import { verifyBundle, type BundleReport } from './verify-bundle.ts';
import { verifyFolder } from './verify-folder.ts';

const temp = tempFolder();
const folder = folderIn(join(temp.dir, 'data'));
const file = join(temp.dir, 'bundle');
let now = startOfTests;
/** Every checkpoint of workspace-1, oldest first. */
let published: string[];
let whole: Buffer;
let before: Buffer;

const bundleOf = (from?: string, to?: string, of: Folder = folder, since?: number): Buffer => {
  using log = openLog(of.proofDir, 'workspace-1')!;
  const lines = bundleLines({ node: nodeId, keys: keysOf(of).history() }, [
    { log, range: rangeOfDays(log, from, to), since },
  ]);
  return Buffer.from([...lines].join(''));
};
const verify = (bundle: Buffer, given: Partial<TrustGiven> = {}): BundleReport => {
  writeFileSync(file, bundle);
  return verifyBundle(file, { checkpoints: [], keys: [], ...given });
};
const outside = (bundle: Buffer, given: Partial<TrustGiven> = {}): string => {
  try {
    return `${checkBundle(bundle, given)} records`;
  } catch (error) {
    return `bad: ${(error as Error).message}`;
  }
};
const reasonOf = (bundle: Buffer, given: Partial<TrustGiven> = {}): string => {
  try {
    return verify(bundle, given).firstBad?.reason ?? 'good';
  } catch (error) {
    return (error as Error).message;
  }
};

beforeAll(async () => {
  await using journal = await openJournal(journalAt(folder, () => now));
  const sealer = sealerOf(folder, () => now);
  for (let day = 0; day < 3; day++) {
    for (let part = 0; part < 3; part++) {
      await recordCalls(journal, 90 + part);
      await sealAll(sealer);
      if (day === 0 && part === 1) before = bundleOf();
    }
    if (day === 1) keysOf(folder).rotate(now);
    now += dayMs;
  }
  whole = bundleOf();
  published = [...everyCheckpoint(join(folder.proofDir, 'workspace-1'))];
});
afterAll(() => temp[Symbol.dispose]());

describe('a proof bundle', () => {
  it('[NEW-03] is found good offline, with every checkpoint ever signed and across a rotation of keys', () => {
    const checkpoints = published;
    const [first, second] = keysOf(folder).history();
    expect(published.length).toBe(9);
    for (const keys of [[], [first!.publicKey], [second!.publicKey]]) {
      const report = verify(whole, { checkpoints, keys });
      expect(report.firstBad).toBeUndefined();
      expect(report.logs).toMatchObject([
        { origin: 'mcpnest/node-1/workspace-1', from: 0, consistentWith: { length: 9 } },
      ]);
      expect(outside(whole, { checkpoints, keys })).toBe(`${report.logs[0]!.records} records`);
    }
    expect(reasonOf(whole, { keys: [Buffer.alloc(32, 3).toString('base64')] })).toContain('none of the keys');
    expect(outside(whole, { keys: [Buffer.alloc(32, 3).toString('base64')] })).toContain('another key');
  });

  it('of some days leads to the same root without the other days’ records', () => {
    for (const [from, to] of [
      ['2026-11-22', '2026-11-23'],
      ['2026-11-22', undefined],
      [undefined, '2026-11-22'],
      ['2026-12-01', undefined],
    ] as const) {
      const part = bundleOf(from, to);
      const report = verify(part);
      expect(report.firstBad).toBeUndefined();
      expect(part.length).toBeLessThan(whole.length);
      expect(outside(part)).toBe(`${report.logs[0]!.records} records`);
    }
    expect(
      new Set(
        bundleOf('2026-11-22', '2026-11-23')
          .toString()
          .match(/"t":"[^T]+/g),
      ),
    ).toEqual(new Set(['"t":"2026-11-22']));
  });

  it('[NEW-03] shows any byte that was changed, and where', () => {
    // Every part that is no record, byte by byte but for the long lists of hashes, and some bytes of each record.
    const places: number[] = [];
    for (const { 0: line, index } of before.toString('latin1').matchAll(/.+\n/g)) {
      const step = line.startsWith('{"v":') ? 400 + (index % 50) : Math.ceil(line.length / 50);
      for (let at = index % step; at < line.length; at += step) places.push(index + at);
    }
    expect(places.length).toBeGreaterThan(400);
    for (const at of places) {
      const changed = Buffer.from(before);
      changed[at]! ^= 1 << (at % 7);
      expect([at, reasonOf(changed)]).not.toEqual([at, 'good']);
      expect([at, outside(changed)]).toEqual([at, expect.stringContaining('bad')]);
    }
    const lines = whole.toString('latin1').split('\n');
    const at = lines.findIndex((line, i) => i > 400 && line.includes('create_issue'));
    const changed = lines.with(at, lines[at]!.replace('create_issue', 'delete_issue'));
    const report = verify(Buffer.from(changed.join('\n'), 'latin1'));
    const { epoch, seq } = JSON.parse(lines[at]!) as { epoch: number; seq: number };
    expect(report.firstBad).toMatchObject({
      log: 'mcpnest/node-1/workspace-1',
      epoch,
      reason: expect.any(String) as string,
    });
    expect(Math.abs(report.firstBad!.seq! - seq)).toBeLessThanOrEqual(1);
  });

  it('[NEW-03] shows records that were dropped, swapped, doubled or cut off', () => {
    const lines = whole.toString('utf8').trimEnd().split('\n');
    const records = lines.flatMap((line, i) => (line.startsWith('{"v":') ? [i] : []));
    for (const i of [records[0]!, records[7]!, records[300]!, records.at(-1)!]) {
      const attempts = {
        dropped: lines.toSpliced(i, 1),
        doubled: lines.toSpliced(i, 0, lines[i]!),
        swapped: lines.with(i, lines[i - 1]!).with(i - 1, lines[i]!),
        cut: lines.slice(0, i),
      };
      for (const [how, changed] of Object.entries(attempts)) {
        const bundle = Buffer.from(`${changed.join('\n')}\n`);
        expect([how, i, reasonOf(bundle)]).not.toEqual([how, i, 'good']);
        expect([how, i, outside(bundle)]).toEqual([how, i, expect.stringContaining('bad')]);
      }
    }
  });

  it('[NEW-03] that is older than a published checkpoint, or of a fork, is found out by that checkpoint', async () => {
    expect(reasonOf(before)).toBe('good');
    const checkpoints = [published.at(-1)!];
    // An older state knows none of the newer keys either; a checkpoint of the same key shows that it was set back.
    expect(reasonOf(before, { checkpoints: [published[4]!] })).toContain('set back');
    expect(outside(before, { checkpoints: [published[4]!] })).toContain('set back');
    using fork = tempFolder();
    const other = folderIn(join(fork.dir, 'data'));
    cpSync(join(folder.dataDir, 'proof-key'), join(other.dataDir, 'proof-key'), { recursive: true });
    cpSync(join(folder.proofDir, 'keys.json'), join(other.proofDir, 'keys.json'), { recursive: true });
    await using journal = await openJournal(journalAt(other, () => now));
    await recordCalls(journal, 2_000);
    await sealAll(sealerOf(other));
    const forked = bundleOf(undefined, undefined, other);
    expect(reasonOf(forked)).toBe('good');
    expect(reasonOf(forked, { checkpoints })).toContain('another root');
    expect(outside(forked, { checkpoints })).toContain('forked');
    const ofOtherLog = readFileSync(join(folder.proofDir, 'workspace-2', 'checkpoint'), 'utf8');
    expect(() => verify(whole, { checkpoints: [ofOtherLog] })).toThrow('not in this bundle');
  });

  it('[NEW-03] after a purge says what is gone, and still leads to the same checkpoints', async () => {
    using copy = tempFolder();
    const purged = folderIn(join(copy.dir, 'data'));
    cpSync(folder.dataDir, purged.dataDir, { recursive: true });
    await using journal = await openJournal(journalAt(purged, () => now));
    const sealer = sealerOf(purged, () => now);
    const sealed = async (): Promise<void> => void (await sealAll(sealer));
    const purge = createPurge({ dir: purged.proofDir, journal, sealed });
    const range = await purge('workspace-1', '2026-11-23', 'retention', 'system');
    expect(range).toMatchObject({ workspaceId: 'workspace-1', from: 0, reason: 'retention' });
    expect(await purge('workspace-1', '2026-11-23', 'retention', 'system')).toBeUndefined();
    const bundle = bundleOf(undefined, undefined, purged);
    expect(bundle.toString()).not.toContain('"t":"2026-11-22');
    const later = published.slice(6);
    expect(verify(bundle, { checkpoints: later })).toMatchObject({
      firstBad: undefined,
      logs: [{ purged: range!.to }],
    });
    expect(outside(bundle, { checkpoints: later })).toMatch(/^\d+ records$/);
    expect(reasonOf(bundle, { checkpoints: published.slice(0, 1) })).toContain('cannot be compared');
    expect(reasonOf(bundleOf('2026-11-20', '2026-11-24', purged))).toBe('good');
    expect(verifyFolder(purged.proofDir, nodeId, keysOf(purged)).firstBad).toBeUndefined();
    expect(verifyJournal(purged.journalDir, macKey).firstBad).toBeUndefined();

    // A second purge, and then one that nobody recorded.
    now += dayMs;
    await recordCalls(journal, 400);
    await sealed();
    expect(await purge('workspace-1', '2026-11-24', 'retention', 'system')).toMatchObject({ from: range!.to });
    expect(reasonOf(bundleOf(undefined, undefined, purged))).toBe('good');
    const hidden = bundleOf(undefined, undefined, purged).toString().replaceAll('"kind":"purge"', '"kind":"purgf"');
    expect(reasonOf(Buffer.from(hidden))).not.toBe('good');
    writeFileSync(join(purged.proofDir, 'workspace-1', 'purged.json'), '{"to":1900}');
    expect(reasonOf(bundleOf(undefined, undefined, purged))).toContain('no record says were purged');
    expect(outside(bundleOf(undefined, undefined, purged))).toContain('a purge nobody recorded');
  });
});

describe('the logs of a data folder', () => {
  it.each([
    ['a record', 'workspace-2/records/2026-11-22.jsonl', 4_000],
    ['a leaf hash', 'workspace-1/tile/0/001', 3_000],
    ['an upper tile', 'workspace-1/tile/1/000', 40],
    ['a checkpoint', 'workspace-1/checkpoint', 60],
    ['an older checkpoint', 'workspace-1/checkpoints/2026-11-21', 60],
    ['a key', 'keys.json', 60],
    ['the index', 'workspace-1/index', 3],
  ])('[NEW-03] show %s that was changed', (_, path, at) => {
    using copy = tempFolder();
    const changed = folderIn(join(copy.dir, 'data'));
    cpSync(folder.dataDir, changed.dataDir, { recursive: true });
    const check = () => verifyFolder(changed.proofDir, nodeId, keysOf(changed));
    expect(check()).toMatchObject({ firstBad: undefined, logs: { length: 3 } });
    const bytes = readFileSync(join(changed.proofDir, path));
    // Another byte that still has the form of the file: A or B is of base64, too.
    bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
    writeFileSync(join(changed.proofDir, path), bytes);
    expect(check().firstBad).toBeDefined();
  });

  it.each([
    ['that is cut off', '[{"publicKey":'],
    ['of another form', '{"keys":[]}'],
    ['that is none', ''],
    ['with a key that is too short', '[{"publicKey":"AA==","since":"2026-11-21T12:00:00Z","previous":null}]'],
  ])('[NEW-03] report a list of keys %s instead of ending in an error', (_, text) => {
    using copy = tempFolder();
    const changed = folderIn(join(copy.dir, 'data'));
    cpSync(folder.dataDir, changed.dataDir, { recursive: true });
    writeFileSync(join(changed.proofDir, 'keys.json'), text);
    expect(verifyFolder(changed.proofDir, nodeId, keysOf(changed)).firstBad).toMatchObject({
      reason: expect.stringContaining('keys.json is damaged') as string,
    });
  });
});
