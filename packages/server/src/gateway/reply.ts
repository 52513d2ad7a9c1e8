import { AppError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { ByteBudget } from './byte-budget.ts';
import { acceptsJson, type Inbound } from './inbound.ts';
import type { RpcError } from './rpc-error.ts';

/** Writes answers to gateway clients: JSON, or an event stream once something had to be said before the answer. */
export class Replies {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answer with a complete JSON-RPC message in one or more pieces. */
  message(inbound: Inbound, parts: readonly (Buffer | string)[], status = 200, headers: readonly string[] = []): void {
    const { res } = inbound;
    if (res.destroyed || res.writableEnded) return;
    if (!res.headersSent && status === 200 && !acceptsJson(inbound.req)) this.openStream(inbound, headers);
    if (res.headersSent) {
      reserve(res, parts);
      writeEvent(res, parts);
      res.end();
      return;
    }
    if (parts.some((part) => part.length > largeBytes)) {
      this.#large(inbound, parts, status, headers);
      return;
    }
    const body = binary(parts);
    res.writeHead(status, this.#head(inbound, body.length, headers));
    res.end(body, 'latin1');
  }

  #head(inbound: Inbound, length: number, headers: readonly string[]): string[] {
    const timing = this.timing(inbound);
    const own = ['content-type', 'application/json', 'content-length', String(length), 'server-timing', timing];
    return headers.length === 0 ? own : [...own, ...headers];
  }

  /** Pieces of a large answer go out as they are, counted until the client has taken them. */
  #large(inbound: Inbound, parts: readonly (Buffer | string)[], status: number, headers: readonly string[]): void {
    const { res } = inbound;
    const length = reserve(res, parts);
    res.writeHead(status, this.#head(inbound, length, headers));
    for (const part of parts) res.write(part);
    res.end();
  }

  /** Answer with a result given as JSON text. */
  result(inbound: Inbound, idText: string, result: string | Buffer, headers: readonly string[] = []): void {
    this.message(inbound, [`{"jsonrpc":"2.0","id":${idText},"result":`, result, '}'], 200, headers);
  }

  error(inbound: Inbound, idText: string, error: RpcError, headers: readonly string[] = []): void {
    const body = { code: error.code, message: error.message, data: error.data };
    const retryAfterMs = error.data?.['retryAfterMs'];
    const retry =
      typeof retryAfterMs === 'number' ? ['retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))] : [];
    const text = `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify(body)}}`;
    this.message(inbound, [text], error.httpStatus, [...headers, ...retry]);
  }

  /** Answer without a body. */
  empty(inbound: Inbound, status: number, headers: readonly string[] = []): void {
    if (inbound.res.headersSent) {
      inbound.res.end();
      return;
    }
    inbound.res.writeHead(status, ['content-length', '0', 'server-timing', this.timing(inbound), ...headers]);
    inbound.res.end();
  }

  /** Begin an event stream; later `event` and `message` write into it. */
  openStream(inbound: Inbound, headers: readonly string[] = []): void {
    inbound.res.writeHead(200, [
      'content-type',
      'text/event-stream',
      'cache-control',
      'no-cache, no-transform',
      'x-accel-buffering',
      'no',
      'server-timing',
      this.timing(inbound),
      ...headers,
    ]);
  }

  /** Write a message before the answer, opening the stream if need be. */
  event(inbound: Inbound, parts: readonly (Buffer | string)[]): void {
    if (inbound.res.destroyed || inbound.res.writableEnded) return;
    if (!inbound.res.headersSent) this.openStream(inbound);
    // A client that does not read loses notifications; the answer still comes.
    if (inbound.res.writableLength < largeBytes) writeEvent(inbound.res, parts);
  }

  /** The gateway's own share and the upstream's, in milliseconds (Server-Timing, W3C). */
  timing(inbound: Inbound): string {
    const total = this.#clock.monotonic() - inbound.startedAt;
    const own = Math.max(0, total - inbound.upstreamMs);
    return `gateway;dur=${own.toFixed(3)}, upstream;dur=${inbound.upstreamMs.toFixed(3)}`;
  }
}

/** Answers from this size on are written in pieces and counted. */
const largeBytes = 64 * 1024;
/** Answers that clients have not taken yet, in all. */
const sending = new ByteBudget(48 * 1024 * 1024);
/** A client that takes nothing for this long is not coming back. */
const stalledMs = 30_000;

/**
 * Count a large answer until its client has taken it, and give up on a client that takes nothing.
 * @returns its length in bytes
 * @throws AppError `unavailable` when too much is waiting already
 */
function reserve(res: Inbound['res'], parts: readonly (Buffer | string)[]): number {
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  if (length <= largeBytes) return length;
  if (!sending.take(length)) {
    throw new AppError(
      'unavailable',
      'The call ran, but too many large answers wait for their readers to deliver this one.',
    );
  }
  res.once('close', () => sending.give(length));
  dropWhenStalled(res);
  return length;
}

function dropWhenStalled(res: Inbound['res']): void {
  let written = res.socket?.bytesWritten;
  const timer = setInterval(() => {
    if (res.socket?.bytesWritten === written) res.destroy();
    written = res.socket?.bytesWritten;
  }, stalledMs);
  timer.unref();
  res.once('close', () => clearInterval(timer));
}

/**
 * The parts as one string with a character per byte. Written as Latin-1 it is those very bytes, and the HTTP library
 * sends it in one piece with the header, which a Buffer is not.
 */
const binary = (parts: readonly (Buffer | string)[]): string =>
  parts.length === 1 ? byteString(parts[0]!) : parts.map(byteString).join('');

const byteString = (part: Buffer | string): string =>
  typeof part !== 'string' ? part.toString('latin1') : ascii.test(part) ? part : Buffer.from(part).toString('latin1');

const ascii = /^[\x00-\x7f]*$/;

/** JSON text may carry line breaks between its tokens, where a space means the same; an event's data may not. */
function writeEvent(res: Inbound['res'], parts: readonly (Buffer | string)[]): void {
  if (!parts.some((part) => part.length > largeBytes)) {
    res.write(`event: message\ndata: ${binary(parts).replace(/[\r\n]/g, ' ')}\n\n`, 'latin1');
    return;
  }
  res.write('event: message\ndata: ');
  for (const part of parts) res.write(oneLine(typeof part === 'string' ? Buffer.from(part) : part));
  res.write('\n\n');
}

/** The bytes themselves where they are one line already, which large answers nearly always are. */
function oneLine(bytes: Buffer): Buffer {
  if (!bytes.includes(0x0a) && !bytes.includes(0x0d)) return bytes;
  return Buffer.from(bytes).map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)) as Buffer;
}
