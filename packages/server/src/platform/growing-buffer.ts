/** Bytes that come in pieces, in one piece of memory at most twice their size however small the pieces are. */
export class GrowingBuffer {
  #bytes: Buffer;
  #length = 0;

  readonly #most: number;

  /**
   * @param capacity bytes to make room for at once
   * @param most bytes that are expected in all; no more room than that is made ahead
   */
  constructor(capacity = 0, most = Infinity) {
    this.#most = most;
    this.#bytes = capacity === 0 ? empty : Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory held. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** What there will be room for once `more` bytes have come. */
  capacityFor(more: number): number {
    const need = this.#length + more;
    return need <= this.#bytes.length ? this.#bytes.length : Math.max(need, Math.min(this.#length * 2, this.#most));
  }

  /** Copy a piece in. */
  push(piece: Uint8Array): void {
    const capacity = this.capacityFor(piece.length);
    if (capacity > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(capacity);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** What has come so far; valid until `clear`. */
  view(): Buffer {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  /** Begin anew; the memory is used again. */
  clear(): void {
    this.#length = 0;
  }
}

const empty = Buffer.alloc(0);
