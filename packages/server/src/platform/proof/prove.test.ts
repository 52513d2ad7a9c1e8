import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInclusion } from '../../../../../test/proof-check.ts';
import { call, ending, readRecords, tempFolder } from '../journal/fixture.ts';
import { openJournal, type Journal } from '../journal/journal.ts';
import { folderIn, journalAt, keysOf, nodeId, recordCalls, sealAll, sealerOf, startOfTests } from './fixture.ts';
import type { InclusionText } from './frames.ts';
import { openLog } from './log-reader.ts';
import { proveCall } from './prove.ts';
import { verifyInclusionText } from './verify-inclusion.ts';

const temp = tempFolder();
const folder = folderIn(temp.dir);
let journal: Journal;
let ids: string[];
let first: string;

beforeAll(async () => {
  journal = await openJournal(journalAt(folder, () => startOfTests));
  ids = await recordCalls(journal, 300);
  await sealAll(sealerOf(folder));
  first = readFileSync(join(folder.proofDir, 'workspace-1', 'checkpoint'), 'utf8');
  ids.push(...(await recordCalls(journal, 500)));
  await sealAll(sealerOf(folder));
});
afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  temp[Symbol.dispose]();
});

async function proofOf(callId: string, size?: number): Promise<InclusionText | undefined> {
  const record = readRecords(folder.journalDir).find((each) => each.callId === callId)!;
  using log = openLog(folder.proofDir, 'workspace-1')!;
  const { epoch, seq } = record;
  return proveCall(log, nodeId, keysOf(folder).history(), { callId, begin: { epoch, seq }, size });
}
const verify = (text: string, checkpoints: string[] = []) => verifyInclusionText(text, { checkpoints, keys: [] });

describe('the proof of a call', () => {
  it('[NEW-03] holds its records and the way to the signed root, and convinces both checkers', async () => {
    for (const callId of [ids[0]!, ids[77]!, ids.at(-1)!]) {
      const text = JSON.stringify(await proofOf(callId));
      expect(verify(text)).toMatchObject({
        callId,
        firstBad: undefined,
        records: [{ kind: 'intent' }, { kind: 'outcome' }],
      });
      expect(() => checkInclusion(text)).not.toThrow();
    }
    const denied = readRecords(folder.journalDir).find(({ kind }) => kind === 'denied')!;
    const text = JSON.stringify(await proofOf(denied.callId!));
    expect(verify(text)).toMatchObject({ firstBad: undefined, records: [{ kind: 'denied' }] });
    expect(() => checkInclusion(text)).not.toThrow();
  });

  it('leads to a checkpoint that was published before, when asked to', async () => {
    const size = Number(first.split('\n')[1]);
    const early = JSON.stringify(await proofOf(ids[3]!, size));
    expect(verify(early, [first])).toMatchObject({ size, firstBad: undefined });
    expect(() => checkInclusion(early, { checkpoints: [first] })).not.toThrow();
    const late = JSON.stringify(await proofOf(ids[3]!));
    expect(() => verify(late, [first])).toThrow('Ask for one that leads to it');
    expect(await proofOf(ids[3]!, size - 1)).toBeUndefined();
    expect(await proofOf(ids.at(-1)!, size)).toBeUndefined();
  });

  it('is not there before a checkpoint covers the call', async () => {
    const one = call();
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    await journal.flush();
    expect(await proofOf(one.callId)).toBeUndefined();
  });

  it('[NEW-03] shows any byte that was changed', async () => {
    const good = Buffer.from(JSON.stringify(await proofOf(ids[40]!)));
    for (let at = 0; at < good.length; at += 7) {
      const changed = Buffer.from(good);
      changed[at]! ^= 1 << (at % 7);
      const text = changed.toString('utf8');
      let said: unknown;
      try {
        said = verify(text).firstBad;
      } catch (error) {
        said = error;
      }
      expect([at, said]).not.toEqual([at, undefined]);
      expect(() => checkInclusion(text), `byte ${at}`).toThrow();
    }
  });
});
