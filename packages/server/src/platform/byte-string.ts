/**
 * Text as a string with one character per byte of its UTF-8 form. Written as Latin-1 it is those very bytes, and
 * sockets take such a string in one piece with the header before it, which they do not with a Buffer.
 */
export const byteString = (text: string): string =>
  ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');

const ascii = /^[\x00-\x7f]*$/;
