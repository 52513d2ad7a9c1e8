declare const brand: unique symbol;

/**
 * A string with one character per byte. Written as Latin-1 it is those very bytes, and sockets take such a string in
 * one piece with the header before it, which they do not with a Buffer. Text that is not one yet would leave as other
 * bytes than meant, so the type tells them apart.
 */
export type ByteString = string & { readonly [brand]: true };

/** The UTF-8 form of a text. */
export const byteString = (text: string): ByteString =>
  (onlyAscii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')) as ByteString;

/** A text known to be ASCII, such as what we have made ourselves. */
export const ascii = (text: string): ByteString => text as ByteString;

/** Bytes as they are. */
export const bytesOf = (bytes: Buffer): ByteString => bytes.toString('latin1') as ByteString;

/** Byte strings and ASCII literals in a row: `bytes\`{"id":${id}}\``. */
export function bytes(literals: TemplateStringsArray, ...values: readonly ByteString[]): ByteString {
  let all = literals[0]!;
  for (let i = 0; i < values.length; i++) all += values[i]! + literals[i + 1]!;
  return all as ByteString;
}

const onlyAscii = /^[\x00-\x7f]*$/;
