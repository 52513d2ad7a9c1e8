/** Replace the bytes from `start` to `end` by `text`; equal offsets insert. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The pieces of `bytes` with the edits made, in order; everything else is the bytes that came. Edits must not overlap. */
export function splice(bytes: Buffer, edits: readonly Edit[]): (Buffer | string)[] {
  const parts: (Buffer | string)[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    if (start > at) parts.push(bytes.subarray(at, start));
    parts.push(text);
    at = end;
  }
  if (at < bytes.length) parts.push(bytes.subarray(at));
  return parts;
}
