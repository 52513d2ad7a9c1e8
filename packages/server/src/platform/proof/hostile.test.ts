import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBundle, checkInclusion } from '../../../../../test/proof-check.ts';
import { tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { bundleLines } from './bundle.ts';
import { everyCheckpoint } from './checkpoints.ts';
import {
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
import type { InclusionText } from './frames.ts';
import { openLog } from './log-reader.ts';
import { signCheckpoint } from './note.ts';
import { proveCall } from './prove.ts';
import type { TrustGiven } from './trust.ts';
import { verifyBundle } from './verify-bundle.ts';
import { verifyFolder } from './verify-folder.ts';
import { verifyInclusionText } from './verify-inclusion.ts';

// Who makes these has what an operator or a thief may have: the files, a key that was replaced, a file to be checked.

const temp = tempFolder();
const folder = folderIn(join(temp.dir, 'data'));
const file = join(temp.dir, 'file');
const log = 'workspace-1';
let calls: string[];

const publicKeys = (of = folder): string[] =>
  keysOf(of)
    .history()
    .map(({ publicKey }) => publicKey);
function bundleOf(of: Folder): string {
  using opened = openLog(of.proofDir, log)!;
  const range = { from: 0, to: opened.checkpoint.size };
  return [...bundleLines({ node: nodeId, keys: keysOf(of).history() }, [{ log: opened, range }])].join('');
}
function reasonOf(bundle: string | Buffer, given: Partial<TrustGiven> = {}): string {
  writeFileSync(file, bundle);
  return verifyBundle(file, { checkpoints: [], keys: [], ...given }).firstBad?.reason ?? 'good';
}
async function record(of: Folder, count: number): Promise<string[]> {
  await using journal = await openJournal(journalAt(of, () => startOfTests));
  const ids = await recordCalls(journal, count);
  await sealAll(sealerOf(of));
  return ids;
}
function copied(): Folder & Disposable {
  const copy = tempFolder();
  cpSync(temp.dir, copy.dir, { recursive: true });
  return { ...folderIn(join(copy.dir, 'data')), [Symbol.dispose]: () => copy[Symbol.dispose]() };
}
/** A folder with logs of its own, signed with the key of a stolen one. */
async function forgedWith(stolen: string, history: string): Promise<Folder & Disposable> {
  const made = tempFolder();
  const of = folderIn(join(made.dir, 'data'));
  mkdirSync(of.proofDir, { recursive: true });
  cpSync(stolen, join(of.dataDir, 'proof-key'));
  cpSync(history, join(of.proofDir, 'keys.json'));
  await record(of, 400);
  return { ...of, [Symbol.dispose]: () => made[Symbol.dispose]() };
}

beforeAll(async () => {
  calls = await record(folder, 300);
});
afterAll(() => temp[Symbol.dispose]());

describe('a key that was replaced', () => {
  it('[NEW-03] signs nothing that whoever holds the new one believes', async () => {
    using theirs = copied();
    const stolen = join(temp.dir, 'stolen');
    cpSync(join(theirs.dataDir, 'proof-key'), stolen);
    keysOf(theirs).rotate(startOfTests + 1_000);
    using forged = await forgedWith(stolen, join(theirs.proofDir, 'keys.json'));
    const [old, fresh] = publicKeys(theirs);
    const bundle = bundleOf(forged);
    expect(reasonOf(bundle, { keys: [old!] })).toBe('good');
    expect(reasonOf(bundle, { keys: [fresh!] })).toContain('was replaced before the one that was given');
    expect(() => checkBundle(Buffer.from(bundle), { keys: [fresh!] })).toThrow('unknown key');
    using opened = openLog(forged.proofDir, log)!;
    const { epoch, seq } = opened.index.at(0);
    const callId = (JSON.parse([...opened.lines(0, 1)][0]!) as { callId: string }).callId;
    const proof = JSON.stringify(
      await proveCall(opened, nodeId, keysOf(forged).history(), { callId, begin: { epoch, seq } }),
    );
    const inclusion = (keys: string[]) => verifyInclusionText(proof, { checkpoints: [], keys }).firstBad?.reason;
    expect(inclusion([old!])).toBeUndefined();
    expect(inclusion([fresh!])).toContain('was replaced');
    expect(() => checkInclusion(proof, { keys: [fresh!] })).toThrow('unknown key');
  });

  it('[NEW-03] is followed by the new one also under logs that do not grow', async () => {
    using rotated = copied();
    const sealer = sealerOf(rotated);
    await sealAll(sealer);
    const { publicKey } = keysOf(rotated).rotate(startOfTests + 1_000);
    expect(await sealAll(sealer)).toEqual(expect.arrayContaining(['workspace-1', 'workspace-2', 'instance']));
    expect(await sealAll(sealer)).toEqual([]);
    expect(reasonOf(bundleOf(rotated), { keys: [publicKey] })).toBe('good');
  });

  it('[NEW-03] and was lost leaves a history that counts for who is given the new one', async () => {
    using restored = copied();
    const [old] = publicKeys(restored);
    rmSync(join(restored.dataDir, 'proof-key'));
    const { publicKey } = keysOf(restored).rotate(startOfTests + 1_000, true);
    await record(restored, 10);
    const bundle = bundleOf(restored);
    expect(verifyFolder(restored.proofDir, nodeId, keysOf(restored)).firstBad).toBeUndefined();
    for (const keys of [[], [publicKey], [old!, publicKey]]) {
      expect([keys, reasonOf(bundle, { keys })]).toEqual([keys, 'good']);
      expect(() => checkBundle(Buffer.from(bundle), { keys })).not.toThrow();
    }
    expect(reasonOf(bundle, { keys: [old!] })).toContain('nobody vouches for the key of');
    expect(() => checkBundle(Buffer.from(bundle), { keys: [old!] })).toThrow('not vouched for');
    writeFileSync(file, bundle);
    expect(verifyBundle(file, { checkpoints: [], keys: [] }).keys.unvouched).toHaveLength(1);
  });
});

describe('a bundle that was made to deceive', () => {
  it('[NEW-03] proves nothing with no log, or with the same log twice', () => {
    const lines = bundleOf(folder).trimEnd().split('\n');
    expect(reasonOf(`${lines[0]!}\n{"end":{"logs":0,"records":0}}\n`)).toContain('proves nothing');
    const { records } = (JSON.parse(lines.at(-1)!) as { end: { records: number } }).end;
    const twice = [...lines.slice(0, -1), ...lines.slice(1, -1), `{"end":{"logs":2,"records":${records * 2}}}`];
    expect(reasonOf(`${twice.join('\n')}\n`)).toBe('the bundle holds this log twice');
  });

  it('[NEW-03] does not hide that two checkpoints of one size were signed', () => {
    const { privateKey } = keysOf(folder).current();
    const origin = `mcpnest/${nodeId}/${log}`;
    const checkpoints = [1, 2].map((fill) =>
      signCheckpoint({ origin, size: 9, root: Buffer.alloc(32, fill) }, privateKey),
    );
    expect(reasonOf(bundleOf(folder), { checkpoints })).toContain('the log was forked');
  });

  it('[NEW-03] takes neither memory nor time without end', () => {
    const lines = bundleOf(folder).split('\n');
    const unlisted = lines.filter((line) => !line.startsWith('{"leaves"')).join('\n');
    expect(reasonOf(unlisted)).toBe('the hashes of the records before it are missing');
    for (const hostile of [`${lines[0]!}\n`, ''])
      expect(() => reasonOf(Buffer.concat([Buffer.from(hostile), Buffer.alloc(9_000_000, '[')]))).toThrow(
        'longer than',
      );
    const deep = `${lines[0]!}\n${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}\n`;
    expect(reasonOf(deep)).toContain('neither a record');
    const log0 = (from: number | string, to: number | string): string =>
      reasonOf(
        [lines[0], lines[1]!.replace(/"from":\d+,"to":\d+/, `"from":${from},"to":${to}`), ...lines.slice(2)].join('\n'),
      );
    for (const [from, to] of [
      [-1, 5],
      [0, 2 ** 53],
      ['1e300', 5],
      [5, 1],
    ] as const)
      expect(log0(from, to)).toMatch(/neither a record|another log or size/);
  });

  it('[NEW-03] or a proof is not read otherwise than it is hashed', async () => {
    using opened = openLog(folder.proofDir, log)!;
    const leaf = [...opened.lines(0, opened.checkpoint.size)].findIndex((line) => line.includes(calls[0]!));
    const { epoch, seq } = opened.index.at(leaf);
    const proof = (await proveCall(opened, nodeId, keysOf(folder).history(), {
      ...{ callId: calls[0]!, begin: { epoch, seq } },
    })) as InclusionText;
    // Each has the low byte of the letter it stands for, and so the same hash.
    const records = proof.records.map((each) => ({ ...each, line: each.line.replace('create', '\u0163reate') }));
    const text = JSON.stringify({ ...proof, records });
    expect(records[0]!.line).toContain('\u0163');
    expect(() => verifyInclusionText(text, { checkpoints: [], keys: [] })).toThrow('not a proof of a form');
    expect(() => checkInclusion(text)).toThrow('not ASCII');
  });
});

describe('what is shown of a file', () => {
  it('[NEW-03] has nothing in it that a terminal obeys or that looks like another line', async () => {
    const lines = bundleOf(folder).split('\n');
    for (const told of ['\\u001b[2Jx', 'x\\nresult: good']) {
      const changed = lines[0]!.replace(`"node":"${nodeId}"`, `"node":"${told}"`);
      expect(changed).not.toBe(lines[0]);
      expect(() => reasonOf([changed, ...lines.slice(1)].join('\n'))).toThrow('not a proof bundle');
      const named = lines[1]!.replace(/"origin":"[^"]+"/, `"origin":"mcpnest/${nodeId}/${told}"`);
      expect(reasonOf([lines[0], named, ...lines.slice(2)].join('\n'))).toContain('neither a record');
    }
    using opened = openLog(folder.proofDir, log)!;
    const { epoch, seq } = opened.index.at(0);
    const callId = (JSON.parse([...opened.lines(0, 1)][0]!) as { callId: string }).callId;
    const request = { callId, begin: { epoch, seq } };
    const proof = (await proveCall(opened, nodeId, keysOf(folder).history(), request)) as InclusionText;
    const records = proof.records.map((each) => ({
      ...each,
      line: each.line.replace(/"kind":"\w+"/, '"kind":"\\u001b[2J"'),
    }));
    const given = { checkpoints: [], keys: [] };
    expect(verifyInclusionText(JSON.stringify({ ...proof, records }), given).records[0]!.kind).toBe('unknown');
    const other = JSON.stringify({ ...proof, callId: 'x\nresult: good' });
    expect(() => verifyInclusionText(other, given)).toThrow('not a proof of a form');
  });
});

describe('the logs of a data folder', () => {
  const check = (of: Folder): string => verifyFolder(of.proofDir, nodeId, keysOf(of)).firstBad?.reason ?? 'good';

  it('[NEW-03] signed anew by somebody with a key of their own are found out', async () => {
    using theirs = copied();
    expect(check(theirs)).toBe('good');
    const other = tempFolder();
    using _made = other;
    const own = folderIn(join(other.dir, 'data'));
    await record(own, 50);
    rmSync(theirs.proofDir, { recursive: true });
    cpSync(own.proofDir, theirs.proofDir, { recursive: true });
    expect(check(theirs)).toContain('does not hold the key of this data folder');
    rmSync(theirs.proofDir, { recursive: true });
    expect(check(theirs)).toContain('does not hold the key of this data folder');
  });

  it('[NEW-03] show a log that is gone or was set back', async () => {
    using theirs = copied();
    const early = join(temp.dir, 'early');
    cpSync(theirs.proofDir, early, { recursive: true });
    await record(theirs, 50);
    expect(check(theirs)).toBe('good');
    expect([...everyCheckpoint(join(theirs.proofDir, log))]).toHaveLength(2);
    // Everything but the list of all checkpoints, as of then.
    for (const part of ['index', 'records', 'tile', 'checkpoint'])
      cpSync(join(early, log, part), join(theirs.proofDir, log, part), { recursive: true });
    cpSync(join(early, 'state.json'), join(theirs.proofDir, 'state.json'));
    expect(check(theirs)).toContain('set back');
    rmSync(join(theirs.proofDir, log, 'checkpoint'));
    expect(check(theirs)).toContain('is gone');
    rmSync(join(theirs.proofDir, log), { recursive: true });
    expect(check(theirs)).toContain('is gone');
    expect(readFileSync(join(theirs.proofDir, 'state.json'), 'utf8')).toContain(log);
  });
});
