/**
 * Bytes of answers held in memory at one moment, whoever they are for. Past the ceiling new answers are refused, so
 * that no number of large answers or slow readers can exhaust the process.
 */
export class ByteBudget {
  readonly #max: number;
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns false when the ceiling would be passed; nothing is taken then */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
