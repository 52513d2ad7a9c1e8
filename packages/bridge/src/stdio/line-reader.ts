import { isUtf8 } from 'node:buffer';
import { GrowingBuffer } from '../growing-buffer.ts';
import { bytesOf, type ByteString } from '../messages/byte-string.ts';
import { OversizedId } from './oversized.ts';

export interface LineReaderOptions {
  /** Bytes a line may have, its end not counted. */
  readonly maxLineBytes: number;
  /** A line that is not blank, without its LF. Bytes that are not UTF-8 have become U+FFFD. */
  readonly line: (line: ByteString) => void;
  /** A line that was too long has ended; the integer `id` of the answer it was, if it was one. */
  readonly oversized: (id: string | undefined) => void;
}

const LF = 0x0a;
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a byte stream into lines: LF or CRLF, a BOM at the very start, characters split over chunks. Holds at most one
 * line and never more than `maxLineBytes`; what is longer goes by without being kept.
 * @returns what takes the chunks
 */
export function lineReader({ maxLineBytes, line: take, oversized }: LineReaderOptions): (chunk: Buffer) => void {
  const held = new GrowingBuffer();
  let passing: OversizedId | undefined;
  let atStart = true;

  const hold = (part: Buffer): void => {
    if (passing === undefined && held.length + part.length > maxLineBytes) {
      passing = new OversizedId();
      passing.push(held.take());
    }
    if (passing === undefined) held.push(part);
    else passing.push(part);
  };

  const end = (whole: Buffer): void => {
    const start = atStart && whole.subarray(0, bom.length).equals(bom) ? bom.length : 0;
    atStart = false;
    const line = whole.subarray(start);
    const text = bytesOf(isUtf8(line) ? line : Buffer.from(line.toString('utf8'), 'utf8'));
    if (text.trim() !== '') take(text);
  };

  return (chunk) => {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(LF, from);
      if (at < 0) break;
      const part = chunk.subarray(from, at);
      from = at + 1;
      // Most lines come in one piece and need not be copied.
      if (passing === undefined && held.length === 0 && part.length <= maxLineBytes) {
        end(part);
        continue;
      }
      hold(part);
      if (passing === undefined) end(held.take());
      else {
        const { found } = passing;
        passing = undefined;
        oversized(found);
      }
    }
    if (from < chunk.length) hold(chunk.subarray(from));
  };
}
