import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOf } from '../messages/byte-string.ts';
import { lineReader } from './line-reader.ts';

function read(chunks: readonly Buffer[], maxLineBytes = 1000): { lines: string[]; oversized: (string | undefined)[] } {
  const lines: string[] = [];
  const oversized: (string | undefined)[] = [];
  const push = lineReader({
    maxLineBytes,
    line: (line) => lines.push(textOf(line)),
    oversized: (id) => oversized.push(id),
  });
  for (const chunk of chunks) push(chunk);
  return { lines, oversized };
}

describe('lines', () => {
  it('[edge 73] are the same however the bytes are cut', () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((text) => /\S/.test(text) && !/[\n\ufeff]/.test(text));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(200), { maxLength: 10 }), (all, cuts) => {
        const whole = Buffer.from(all.map((text) => `${text}\n`).join(''));
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        expect(read(chunks).lines).toEqual(all);
      }),
    );
  });

  it('[edge 73] a BOM at the start, blank lines and a line without an end are left out; broken UTF-8 is mended', () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffa\r\n\n \t\r\n\ufeffb\n'),
      Buffer.from([0x63, 0xff, 0x0a]),
      Buffer.from('open'),
    ]);
    expect(read([bytes]).lines).toEqual(['a\r', '\ufeffb', 'c\ufffd']);
  });

  it('[edge 73] over the limit are passed over, and the next one is read', () => {
    const long = `{"result":{"id":1,"text":"${'x'.repeat(3000)}","l":[{"id":2}]},"jsonrpc":"2.0","id":42 }`;
    const chunks = [...Buffer.from(`${long}\nnext\n`)].map((byte) => Buffer.from([byte]));
    expect(read(chunks)).toEqual({ lines: ['next'], oversized: ['42'] });
    expect(read([Buffer.from(`${'x'.repeat(1000)}\n${'x'.repeat(1001)}\n`)])).toEqual({
      lines: ['x'.repeat(1000)],
      oversized: [undefined],
    });
  });

  it('[edge 73] in countless tiny pieces hold no more memory than their size', () => {
    const piece = Buffer.from('x');
    const push = lineReader({ maxLineBytes: 2_000_000, line: () => undefined, oversized: () => undefined });
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 2_000_000; i++) push(piece.subarray(0, 1));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });

  it.each([
    ['in front', `{"id":7,"result":"${'x'.repeat(2000)}"}`, '7'],
    ['behind strings that look like one', `{"a":"\\",\\"id\\":1,","result":"${'x'.repeat(2000)}","id":8}`, '8'],
    ['of a kind that is not ours', `{"id":"9","result":"${'x'.repeat(2000)}"}`, undefined],
    ['of a request', `{"id":3,"method":"x","params":"${'x'.repeat(2000)}"}`, undefined],
    ['in a nested object only', `{"result":{"id":3,"x":"${'x'.repeat(2000)}"}}`, undefined],
    ['in a list', `[{"id":3,"x":"${'x'.repeat(2000)}"}]`, undefined],
  ])('[edge 73] an oversized line with its id %s', (_, line, id) => {
    expect(read([Buffer.from(`${line}\n`)]).oversized).toEqual([id]);
  });
});
