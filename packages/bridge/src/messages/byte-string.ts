declare const brand: unique symbol;

/**
 * A string with one character per byte: messages are held in this form, since it can be searched and cut like text and
 * written as the very bytes that came. All that gives JSON its shape is ASCII, so nothing is lost.
 */
export type ByteString = string & { readonly [brand]: true };

/** The UTF-8 form of a text. */
export const byteString = (text: string): ByteString =>
  (onlyAscii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as ByteString;

/** A text known to be ASCII, such as what we have made ourselves. */
export const ascii = (text: string): ByteString => text as ByteString;

/** Bytes as they are. */
export const bytesOf = (buffer: Buffer): ByteString => buffer.toString('latin1') as ByteString;

/** The text whose UTF-8 form this is. */
export const textOf = (bytes: ByteString): string =>
  onlyAscii.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');

/** A part of a byte string. */
export const cut = (bytes: ByteString, { start, end }: Span): ByteString => bytes.slice(start, end) as ByteString;

/** Byte strings and ASCII literals in a row: `bytes\`{"id":${id}}\``. */
export function bytes(literals: TemplateStringsArray, ...values: readonly ByteString[]): ByteString {
  let all = literals[0]!;
  for (let i = 0; i < values.length; i++) all += values[i]! + literals[i + 1]!;
  return all as ByteString;
}

/** From the first character to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Replace a span by a text; a span of no length inserts. */
export interface Edit extends Span {
  readonly text: ByteString;
}

/** Make edits that do not overlap, in any order; everything else stays as it came. */
export function splice(source: ByteString, edits: readonly Edit[]): ByteString {
  let spliced = '';
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    spliced += source.slice(at, start) + text;
    at = end;
  }
  return (spliced + source.slice(at)) as ByteString;
}

const onlyAscii = /^[\x00-\x7f]*$/;
