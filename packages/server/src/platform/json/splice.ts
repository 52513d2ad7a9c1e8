/** Replace what stands from `start` to `end` by `text`; equal offsets insert. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  /** A byte string. */
  readonly text: string;
}

/**
 * A byte string with the edits made; everything else is the bytes that came.
 * @param edits in order, without overlap
 * @param from where to begin, before the first edit
 * @param to where to end, after the last edit
 */
export function splice(bytes: string, edits: readonly Edit[], from = 0, to = bytes.length): string {
  let spliced = '';
  let at = from;
  for (const { start, end, text } of edits) {
    spliced += bytes.slice(at, start) + text;
    at = end;
  }
  return spliced + bytes.slice(at, to);
}

/** The same for bytes too many to be copied: the pieces, in order. */
export function splicePieces(bytes: Buffer, edits: readonly Edit[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    pieces.push(bytes.subarray(at, start), Buffer.from(text, 'latin1'));
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return pieces.filter((piece) => piece.length > 0);
}
