import type { ServerResponse } from 'node:http';
import { ascii, byteString, bytes, type ByteString } from '../../platform/byte-string.ts';

/**
 * One message as an event (WHATWG HTML 9.2.6). JSON text may carry line breaks between its tokens, where a space means
 * the same; an event's data may not.
 * @param id absent on streams that cannot be resumed
 */
export const eventText = (message: ByteString, id?: string): ByteString =>
  bytes`${idLine(id)}event: message\ndata: ${ascii(message.replace(/[\r\n]/g, ' '))}\n\n`;

/** Write one message as an event; in pieces where the bytes are too many to be copied. */
export function writeEvent(res: ServerResponse, message: ByteString | readonly Buffer[], id?: string): void {
  if (typeof message === 'string') {
    res.write(eventText(message, id), 'latin1');
    return;
  }
  res.write(`${idLine(id)}event: message\ndata: `);
  for (const piece of message) res.write(oneLine(piece));
  res.write('\n\n');
}

/** An event with an id and nothing else, from which a lost stream can be resumed before anything was said. */
export const primingEvent = (id: string, retryMs: number): ByteString =>
  byteString(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`);

/** What keeps proxies from taking a silent stream for a dead one. Clients skip it. */
export const keepAliveComment = ': keep-alive\n\n';

const idLine = (id: string | undefined): ByteString => ascii(id === undefined ? '' : `id: ${id}\n`);

/** The bytes themselves where they are one line already, which large answers nearly always are. */
function oneLine(piece: Buffer): Buffer {
  if (!piece.includes(0x0a) && !piece.includes(0x0d)) return piece;
  return Buffer.from(piece).map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)) as Buffer;
}
