import { GrowingBuffer } from './growing-buffer.ts';

/**
 * Reads a Server-Sent Events stream (WHATWG HTML 9.2.6) from chunks: CR, LF and CRLF, a BOM, several data lines,
 * comments, unknown fields, and UTF-8 split anywhere. Of the fields only `data`, `id` and `retry` matter.
 */
export class SseReader {
  readonly #onData: (data: Buffer) => void;
  readonly #maxEventBytes: number;
  /** The line as far as it has come. */
  readonly #line = new GrowingBuffer();
  /** The data of the event as far as it has come; undefined: none. */
  #data: GrowingBuffer | undefined;
  #afterCr = false;
  #first = true;
  /** The id of the event as far as it has come. */
  #id: string | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;

  /**
   * @param onData called with the data of each event that has any; the buffer is the listener's own
   * @param maxEventBytes a longer line or event throws RangeError
   */
  constructor(onData: (data: Buffer) => void, maxEventBytes: number) {
    this.#onData = onData;
    this.#maxEventBytes = maxEventBytes;
  }

  /** The id of the last event that was complete, with data or without: where to resume; undefined or empty: nowhere. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** Milliseconds to wait before reconnecting, as the server last asked for. */
  get retryMs(): number | undefined {
    return this.#retryMs;
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
    } else this.#readPosition(line);
    this.#line.clear();
  }

  /** `id` and `retry` are rare and short, so they may be decoded. */
  #readPosition(line: Buffer): void {
    if (line[0] !== LETTER_I && line[0] !== LETTER_R) return;
    const [, field, value] = /^(id|retry)(?:: ?(.*))?$/s.exec(line.toString('utf8')) ?? [];
    if (field === 'id' && value?.includes('\0') !== true) this.#id = value ?? '';
    else if (field === 'retry' && /^\d{1,9}$/.test(value ?? '')) this.#retryMs = Number(value);
  }

  #endEvent(): void {
    const data = this.#data;
    this.#data = undefined;
    this.#lastEventId = this.#id ?? this.#lastEventId;
    if (data !== undefined && data.length > 0) this.#onData(data.view());
  }
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const LETTER_I = 0x69;
const LETTER_R = 0x72;
const NEWLINE = Buffer.from('\n');
