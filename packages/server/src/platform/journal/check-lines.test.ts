import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chainHash, genesis } from './chain.ts';
import { checkLines, unknownLink } from './check-lines.ts';
import { tempFolder } from './fixture.ts';
import { readLines, segmentName } from './segment.ts';

const segment = segmentName(1, 1, '2026-11-21');

/** A segment as the journal writes it. @param lengths of what each record holds @param versionOf form of a line */
function writeSegment(dir: string, lengths: readonly number[], versionOf: (i: number) => number = () => 2): string[] {
  let before = genesis;
  const lines = lengths.map((length, i) => {
    const prev = i === 0 ? `"prev":"${before}",` : '';
    const version = versionOf(i);
    const body = `{"v":${version},"node":"n","epoch":1,"seq":${i + 1},${prev}"fill":"${'x'.repeat(length)}"`;
    before = chainHash(before, body, version);
    return `${body},"hash":"${before}"}`;
  });
  writeFileSync(join(dir, segment), lines.map((line) => `${line}\n`).join(''), 'latin1');
  return lines;
}

// Lines end at every place around the ends of what is read at once, and some are longer than that.
const lengths = [...Array.from({ length: 3_000 }, (_, i) => (i * 37) % 700), 300_000, 5, 262_144, 600_000, 1, 2];

describe('reading a segment', () => {
  it('gives every line with its place, however long it is and wherever reading begins', () => {
    using temp = tempFolder();
    const lines = writeSegment(temp.dir, lengths);
    appendFileSync(join(temp.dir, segment), 'half a line');
    const file = readFileSync(join(temp.dir, segment));
    for (const skip of [0, 1, 2_999, 3_001]) {
      const from = lines.slice(0, skip).reduce((sum, line) => sum + line.length + 1, 0);
      const texts: string[] = [];
      for (const { text, offset, end, whole, bytes, at } of readLines(temp.dir, segment, from)) {
        texts.push(text);
        expect(whole).toBe(texts.length <= lines.length - skip);
        expect(bytes.compare(file, offset, end, at, at + end - offset)).toBe(0);
      }
      expect(texts).toEqual([...lines.slice(skip), 'half a line']);
    }
  });

  it('[AUD-03] follows the chain across all it reads, in both forms of lines', () => {
    using temp = tempFolder();
    for (const versionOf of [() => 2, () => 1, (i: number) => (i < 1_500 ? 1 : 2)]) {
      writeSegment(temp.dir, lengths, versionOf);
      const checked = [...checkLines(temp.dir, segment, unknownLink)];
      expect(checked.map((line) => line.fault)).toEqual(lengths.map(() => undefined));
      const from = checked[1_700]!;
      for (const line of checkLines(temp.dir, segment, from.link, from.end)) expect(line.fault).toBeUndefined();
    }
  });

  it('[AUD-03] notices a byte changed in the record or in the digest before it', () => {
    using temp = tempFolder();
    writeSegment(temp.dir, lengths);
    const path = join(temp.dir, segment);
    const whole = readFileSync(path);
    const places = [...readLines(temp.dir, segment)];
    for (const i of [400, 401, 1_234, 3_000, 3_002]) {
      const { offset, end } = places[i]!;
      for (const at of [offset + 5, offset + 30, end - 40]) {
        const changed = Buffer.from(whole);
        changed[at]! ^= 1;
        writeFileSync(path, changed);
        const faults = [...checkLines(temp.dir, segment, unknownLink)].flatMap(({ fault }, n) => (fault ? [n] : []));
        expect(faults[0]).toBe(i);
        // The record behind follows the digest as it was.
        expect(faults.every((n) => n === i || n === i + 1)).toBe(true);
      }
    }
    truncateSync(path, 0);
    expect([...checkLines(temp.dir, segment, unknownLink)]).toEqual([]);
  });
});
