import type { Readable } from 'node:stream';
import { GrowingBuffer } from '../../platform/growing-buffer.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * The lines of a stream, without their ends (LF or CRLF) and without blank ones.
 * @param most bytes a line may have; a longer one comes as `too_long` and is skipped to its end
 */
export async function* linesOf(input: Readable, most: number): AsyncGenerator<Buffer | 'too_long'> {
  let line = new GrowingBuffer();
  let skipping = false;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LF); ; end = chunk.indexOf(LF, from)) {
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      if (!skipping && line.length + piece.length > most) {
        skipping = true;
        line = new GrowingBuffer();
        yield 'too_long';
      }
      if (!skipping) line.push(piece);
      if (end < 0) break;
      const whole = line.view();
      // The line belongs to whoever gets it, so the next has a buffer of its own.
      line = new GrowingBuffer();
      skipping = false;
      from = end + 1;
      const text = whole.at(-1) === CR ? whole.subarray(0, -1) : whole;
      if (text.length > 0) yield text;
    }
  }
  if (line.length > 0) yield line.view();
}
