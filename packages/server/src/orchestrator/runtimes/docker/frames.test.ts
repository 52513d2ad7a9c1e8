import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLogLines, splitLines } from './frames.ts';

const at = '2026-11-21T19:20:17.937733066Z';

function frame(stream: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('readLogLines', () => {
  it('gives the same lines wherever the bytes are cut', async () => {
    const bytes = Buffer.concat([
      frame(1, `${at} on its way, `),
      frame(2, `${at} grüße\n`),
      frame(1, `${at} in two pieces\n`),
      frame(1, `${at} \n`),
      frame(2, `${at} without an end`),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (size) => {
        expect(await all(readLogLines(inPieces(bytes, size)))).toEqual([
          { at, stream: 'stderr', text: 'grüße' },
          { at, stream: 'stdout', text: 'on its way, in two pieces' },
          { at, stream: 'stdout', text: '' },
          { at, stream: 'stderr', text: 'without an end' },
        ]);
      }),
    );
  });

  it('cuts a line at 8 KiB however many pieces it has', async () => {
    const pieces = Array.from({ length: 100 }, () => frame(1, `${at} ${'x'.repeat(16_384)}`));
    const [line, ...rest] = await all(
      readLogLines(inPieces(Buffer.concat([...pieces, frame(1, `${at} end\n`)]), 65_536)),
    );
    expect(line?.text.length).toBe(8192);
    expect(rest).toEqual([]);
  });

  it.each([
    ['a stream that is none', Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 0])],
    ['a length of 4 GiB', Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])],
  ])('refuses %s', async (_what, bytes) => {
    await expect(all(readLogLines(inPieces(bytes, 100)))).rejects.toThrow(RangeError);
  });
});

describe('splitLines', () => {
  it('gives each value of a stream, the last one too, and bounds them', async () => {
    expect(await all(splitLines(inPieces(Buffer.from('{"a":"ü"}\r\n\n{"b":2}'), 1)))).toEqual([
      '{"a":"ü"}\r',
      '{"b":2}',
    ]);
    await expect(all(splitLines(inPieces(Buffer.alloc(2 ** 21, 'x'), 65_536)))).rejects.toThrow(RangeError);
  });
});
