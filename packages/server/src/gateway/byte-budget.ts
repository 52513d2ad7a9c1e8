/**
 * Bytes held in memory at one moment, whoever they are for. Past the ceiling new ones are refused, so that no number of
 * large messages or slow readers can exhaust the process.
 */
export class ByteBudget {
  readonly #max: number;
  readonly #whole: ByteBudget | undefined;
  #held = 0;

  /** @param whole the budget that this one is a share of: what is taken here is taken there, too */
  constructor(max: number, whole?: ByteBudget) {
    this.#max = max;
    this.#whole = whole;
  }

  /** @returns false when the ceiling would be passed; nothing is taken then */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max || this.#whole?.take(bytes) === false) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
    this.#whole?.give(bytes);
  }

  get held(): number {
    return this.#held;
  }
}

/** A budget of which nobody may have more than a share, so that the greed of one leaves room for the others. */
export class SharedBudget {
  readonly #whole: ByteBudget;
  readonly #share: number;
  readonly #shares = new Map<string, ByteBudget>();

  /** @param share bytes that one owner may have */
  constructor(max: number, share: number) {
    this.#whole = new ByteBudget(max);
    this.#share = share;
  }

  /** @returns false when its share or the whole would be passed; nothing is taken then */
  take(owner: string, bytes: number): boolean {
    const share = this.#shares.get(owner) ?? new ByteBudget(this.#share, this.#whole);
    if (!share.take(bytes)) return false;
    this.#shares.set(owner, share);
    return true;
  }

  give(owner: string, bytes: number): void {
    const share = this.#shares.get(owner);
    share?.give(bytes);
    if (share?.held === 0) this.#shares.delete(owner);
  }
}
