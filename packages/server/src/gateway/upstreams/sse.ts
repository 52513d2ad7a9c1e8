import { GrowingBuffer } from '../../platform/growing-buffer.ts';

/**
 * Reads a Server-Sent Events stream (WHATWG HTML 9.2.6) from chunks: CR, LF and CRLF, a BOM, several data lines,
 * comments, unknown fields, and UTF-8 split anywhere.
 */
export class SseReader {
  readonly #onEvent: (data: Buffer, type: string) => void;
  readonly #maxEventBytes: number;
  /** The line as far as it has come. */
  #line = new GrowingBuffer();
  /** The data of the event as far as it has come; undefined: none. */
  #data: GrowingBuffer | undefined;
  #type = 'message';
  #id: string | undefined;
  #afterCr = false;
  #first = true;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;

  /**
   * @param onEvent called with the data of each event that has any, and its type; the buffer is the listener's own
   * @param maxEventBytes a longer line or event throws RangeError
   */
  constructor(onEvent: (data: Buffer, type: string) => void, maxEventBytes: number) {
    this.#onEvent = onEvent;
    this.#maxEventBytes = maxEventBytes;
  }

  /** Id of the last event that has ended, where it had one that can be sent back in a header. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Milliseconds the server asks to wait before the stream is opened again. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Bytes of memory held for an event that is still coming. */
  get held(): number {
    return this.#line.capacity + (this.#data?.capacity ?? 0);
  }

  /** Take the next chunk; its bytes are copied. */
  push(chunk: Buffer): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte !== LF && byte !== CR) continue;
      if (byte === LF && this.#afterCr && i === from) {
        // The second half of CRLF.
        this.#afterCr = false;
        from = i + 1;
        continue;
      }
      this.#afterCr = byte === CR;
      this.#keep(chunk.subarray(from, i));
      this.#endLine();
      from = i + 1;
    }
    if (from < chunk.length) {
      this.#afterCr = false;
      this.#keep(chunk.subarray(from));
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    if (this.#line.length + part.length + (this.#data?.length ?? 0) > this.#maxEventBytes)
      throw new RangeError('The event is too large.');
    this.#line.push(part);
  }

  #endLine(): void {
    let line = this.#line.view();
    if (this.#first) {
      this.#first = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) this.#endEvent();
    else if (line.length >= 5 && line.toString('latin1', 0, 5) === 'data:') {
      const data = line.subarray(line[5] === SPACE ? 6 : 5);
      if (this.#data === undefined) this.#data = new GrowingBuffer(data.length);
      else this.#data.push(NEWLINE);
      this.#data.push(data);
    } else this.#field(line.toString('utf8'));
    this.#line.clear();
  }

  #field(line: string): void {
    const [, name, value = ''] = /^(id|event|retry)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === undefined) return;
    if (name === 'event') this.#type = value === '' ? 'message' : value;
    else if (name === 'id') this.#id = value;
    else if (/^\d{1,12}$/.test(value)) this.#retryMs = Number(value);
  }

  #endEvent(): void {
    const data = this.#data;
    const type = this.#type;
    this.#data = undefined;
    // A stream may live long after one large event.
    if (this.#line.capacity > keptBytes) this.#line = new GrowingBuffer();
    this.#type = 'message';
    if (this.#id !== undefined) this.#lastEventId = headerSafe.test(this.#id) ? this.#id : undefined;
    this.#id = undefined;
    if (data !== undefined && data.length > 0) this.#onEvent(data.view(), type);
  }
}

/** Memory that is kept from one event to the next. */
const keptBytes = 16 * 1024;
/** An id that can stand in `Last-Event-ID`. An empty one means: there is none any more. */
const headerSafe = /^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');
