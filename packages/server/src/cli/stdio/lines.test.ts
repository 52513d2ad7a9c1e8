import fc from 'fast-check';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { linesOf } from './lines.ts';

async function read(chunks: readonly Buffer[], most = 1_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(chunks), most)) lines.push(line.toString());
  return lines;
}

it('[edge 73] reads the same lines however the bytes are cut, with LF or CRLF, and skips blank ones', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
  const ended = fc.tuple(line, fc.constantFrom('\n', '\r\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(ended), line, fc.array(fc.nat(), { maxLength: 20 }), async (lines, last, cuts) => {
      const bytes = Buffer.from(lines.map(([text, end]) => text + end).join('') + last);
      const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
      const chunks = [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
      expect(await read(chunks)).toEqual([...lines.map(([text]) => text), last].filter((text) => text !== ''));
    }),
  );
});

it('says once that a line is too long, keeps none of it, and goes on with the next', async () => {
  const long = Array.from({ length: 100 }, () => Buffer.alloc(50, 'x'));
  expect(await read([Buffer.from('a\n'), ...long, Buffer.from('\nb\n'), ...long], 99)).toEqual([
    'a',
    'too_long',
    'b',
    'too_long',
  ]);
});
