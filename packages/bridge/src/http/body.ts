import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { GrowingBuffer } from '../growing-buffer.ts';
import { bytesOf, type ByteString } from '../messages/byte-string.ts';
import { rpcCode } from '../messages/protocol.ts';
import { Refusal, refusal } from './refusal.ts';

/**
 * Read a JSON body, bounded.
 * @throws Refusal 415, 413, or 400 for bytes that are not UTF-8
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<ByteString> {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json') throw refusal(415, 'Content-Type must be application/json.');
  if (req.headers['content-encoding'] !== undefined) throw refusal(415, 'Content-Encoding is not supported.');
  const tooLarge = refusal(413, `The request is larger than ${maxBytes} bytes.`, { connection: 'close' });
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const body = new GrowingBuffer();
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (body.length + chunk.length > maxBytes) {
      // What still comes is thrown away, so that the answer is read before the connection ends.
      req.resume();
      throw tooLarge;
    }
    body.push(chunk);
  }
  const bytes = body.take();
  if (!isUtf8(bytes)) throw new Refusal(400, { code: rpcCode.parseError, message: 'The body is not UTF-8.' });
  return bytesOf(bytes);
}
