import type { ByteString } from '../byte-string.ts';

/** Replace what stands from `start` to `end` by `text`; equal offsets insert. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: ByteString;
}

/**
 * Bytes with the edits made; everything else is what came.
 * @param edits in order, without overlap
 * @param from where to begin, before the first edit
 * @param to where to end, after the last edit
 */
export function splice(bytes: ByteString, edits: readonly Edit[], from = 0, to = bytes.length): ByteString {
  let spliced = '';
  let at = from;
  for (const { start, end, text } of edits) {
    if (start < at || end < start) throw new RangeError('The edits are out of order.');
    spliced += bytes.slice(at, start) + text;
    at = end;
  }
  return (spliced + bytes.slice(at, to)) as ByteString;
}

/** The same for bytes too many to be copied: the pieces, in order. */
export function splicePieces(bytes: Buffer, edits: readonly Edit[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    if (start < at || end < start) throw new RangeError('The edits are out of order.');
    pieces.push(bytes.subarray(at, start), Buffer.from(text, 'latin1'));
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return pieces.filter((piece) => piece.length > 0);
}
