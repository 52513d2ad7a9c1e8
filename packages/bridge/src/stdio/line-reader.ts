import { isUtf8 } from 'node:buffer';
import { bytesOf, type ByteString } from '../messages/byte-string.ts';
import { OversizedId } from './oversized.ts';

export interface LineReaderOptions {
  /** Bytes a line may have, its end not counted. */
  readonly maxLineBytes: number;
  /** A line that is not blank, without its LF. Bytes that are not UTF-8 have become U+FFFD. */
  readonly line: (line: ByteString) => void;
  /** A line that was too long has ended; its top-level integer `id`, if one went by. */
  readonly oversized: (id: string | undefined) => void;
}

const LF = 0x0a;
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a byte stream into lines: LF or CRLF, a BOM at the very start, characters split over chunks. Holds at most one
 * line and never more than `maxLineBytes`; what is longer goes by without being kept.
 * @returns what takes the chunks
 */
export function lineReader({ maxLineBytes, line, oversized }: LineReaderOptions): (chunk: Buffer) => void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let passing: OversizedId | undefined;
  let atStart = true;

  const hold = (part: Buffer): void => {
    if (passing === undefined && heldBytes + part.length > maxLineBytes) {
      passing = new OversizedId();
      for (const earlier of held) passing.push(earlier);
      held = [];
      heldBytes = 0;
    }
    if (passing !== undefined) return passing.push(part);
    held.push(part);
    heldBytes += part.length;
  };

  const end = (): void => {
    if (passing !== undefined) {
      const { found } = passing;
      passing = undefined;
      oversized(found);
      return;
    }
    let whole = held.length === 1 ? held[0]! : Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    if (atStart && whole.subarray(0, bom.length).equals(bom)) whole = whole.subarray(bom.length);
    atStart = false;
    const text = bytesOf(isUtf8(whole) ? whole : Buffer.from(whole.toString('utf8'), 'utf8'));
    if (text.trim() !== '') line(text);
  };

  return (chunk) => {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(LF, from);
      if (at < 0) break;
      if (at > from) hold(chunk.subarray(from, at));
      end();
      from = at + 1;
    }
    if (from < chunk.length) hold(chunk.subarray(from));
  };
}
