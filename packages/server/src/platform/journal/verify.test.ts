import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, denial, ending, macKey, options, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { listSegments } from './segment.ts';
import { verifyJournal } from './verify.ts';

describe('verifyJournal', () => {
  const original = tempFolder();
  afterAll(() => original[Symbol.dispose]());

  beforeAll(async () => {
    for (let run = 0; run < 3; run++) {
      await using journal = await openJournal(options(original.dir, { segmentBytes: 4_000 }));
      for (let i = 0; i < 8; i++) {
        const one = call();
        const receipt = await journal.intent(one, 'available');
        journal.outcome(receipt, ending(one.callId));
        if (i % 4 === 0) journal.denied(denial());
      }
    }
  });

  /** Verify a copy of the journal with some files replaced. */
  function verifyWith(changes: Record<string, Buffer>) {
    using copy = tempFolder();
    cpSync(original.dir, copy.dir, { recursive: true });
    for (const [name, bytes] of Object.entries(changes)) writeFileSync(join(copy.dir, name), bytes);
    return verifyJournal(copy.dir, macKey);
  }

  const linesOf = (segment: string): string[] => readFileSync(join(original.dir, segment), 'latin1').split(/(?<=\n)/);
  const join1 = (lines: readonly string[]): Buffer => Buffer.from(lines.join(''), 'latin1');

  it('[AUD-03] finds nothing wrong with a journal of three runs and several segments', () => {
    const segments = listSegments(original.dir);
    expect(segments.length).toBeGreaterThan(6);
    const records = segments.flatMap(linesOf).length;
    expect(verifyJournal(original.dir, macKey)).toEqual({
      segments: segments.length,
      records,
      lost: 0,
      repairedBytes: 0,
      firstBad: undefined,
    });
  });

  it('[AUD-03][AUD-08] notices any single flipped bit', () => {
    const segments = listSegments(original.dir);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(7), (which, where, bit) => {
        const segment = segments[which % segments.length]!;
        const bytes = readFileSync(join(original.dir, segment));
        bytes[where % bytes.length]! ^= 1 << bit;
        const { firstBad } = verifyWith({ [segment]: bytes });
        expect(firstBad?.segment).toBe(segment);
      }),
      { numRuns: 150 },
    );
  });

  it('[AUD-03] notices a removed record, a doubled record and two records exchanged, and says where', () => {
    const segments = listSegments(original.dir);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.constantFrom('remove', 'double', 'exchange'), (which, where, what) => {
        const segment = segments[which % segments.length]!;
        const lines = linesOf(segment);
        const at = where % (lines.length - 1);
        const changed = [...lines];
        if (what === 'remove') changed.splice(at, 1);
        else if (what === 'double') changed.splice(at, 0, lines[at]!);
        else changed.splice(at, 2, lines[at + 1]!, lines[at]!);
        const { firstBad } = verifyWith({ [segment]: join1(changed) });
        expect(firstBad?.segment).toBe(segment);
        expect(firstBad!.line).toBeGreaterThanOrEqual(at + 1);
        expect(firstBad!.line).toBeLessThanOrEqual(at + 2);
      }),
      { numRuns: 150 },
    );
  });

  it('notices a whole segment that was taken out of the middle', () => {
    const segments = listSegments(original.dir);
    const { firstBad } = verifyWith({ [segments[2]!]: Buffer.alloc(0) });
    expect(firstBad).toMatchObject({ segment: segments[3], line: 1, reason: 'records before this one are missing' });
  });

  it('notices records cut off the end of a run as soon as the next run has begun', () => {
    const segments = listSegments(original.dir);
    const lastOfFirstRun = segments.filter((name) => name.startsWith('0000000001')).at(-1)!;
    const { firstBad } = verifyWith({ [lastOfFirstRun]: join1(linesOf(lastOfFirstRun).slice(0, -1)) });
    expect(firstBad).toMatchObject({ line: 1, reason: 'records before this one are missing' });
  });

  it('notices a gap or epoch record that was signed with another key', () => {
    expect(verifyJournal(original.dir, Buffer.alloc(32, 8)).firstBad).toMatchObject({
      line: 1,
      seq: 1,
      reason: 'the signature is wrong',
    });
  });
});
