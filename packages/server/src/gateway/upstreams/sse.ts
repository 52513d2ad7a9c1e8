/**
 * Reads a Server-Sent Events stream (WHATWG HTML 9.2.6) from chunks: CR, LF and CRLF, a BOM, several data lines,
 * comments, unknown fields, and UTF-8 split anywhere. Only `data`, `id` and `retry` matter here.
 */
export class SseReader {
  readonly #onData: (data: Buffer) => void;
  readonly #maxEventBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #data: Buffer[] = [];
  #dataBytes = 0;
  #afterCr = false;
  #first = true;

  /**
   * @param onData called with the data of each event that has any
   * @param maxEventBytes a longer line or event throws RangeError
   */
  constructor(onData: (data: Buffer) => void, maxEventBytes: number) {
    this.#onData = onData;
    this.#maxEventBytes = maxEventBytes;
  }

  /** Take the next chunk. The bytes are kept only until their event is complete. */
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
      this.#line();
      from = i + 1;
    }
    if (from < chunk.length) {
      this.#afterCr = false;
      this.#keep(chunk.subarray(from));
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#pendingBytes += part.length;
    if (this.#pendingBytes + this.#dataBytes > this.#maxEventBytes) throw new RangeError('The event is too large.');
    this.#pending.push(part);
  }

  #line(): void {
    let line = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#first) {
      this.#first = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) {
      this.#event();
      return;
    }
    if (line.length < 5 || line.toString('latin1', 0, 5) !== 'data:') return;
    const data = line.subarray(line[5] === SPACE ? 6 : 5);
    if (this.#data.length > 0) this.#data.push(NEWLINE);
    this.#data.push(data);
    this.#dataBytes += data.length + 1;
  }

  #event(): void {
    if (this.#data.length === 0) return;
    const data = this.#data.length === 1 ? this.#data[0]! : Buffer.concat(this.#data);
    this.#data = [];
    this.#dataBytes = 0;
    if (data.length > 0) this.#onData(data);
  }
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');
