/** Calls in flight to one upstream at once. A few more wait in line for a moment; the rest are refused. */
export class Slots {
  #max: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Change how many there are; calls that have one keep it. */
  resize(max: number): void {
    this.#max = max;
    while (this.#taken < this.#max && this.#waiting.size > 0) {
      this.#taken++;
      this.#next();
    }
  }

  /**
   * Take a slot, waiting up to `patienceMs` in a line of at most `maxWaiting`.
   * @returns false when none came free
   */
  take(): boolean | Promise<boolean> {
    if (this.#taken < this.#max) {
      this.#taken++;
      return true;
    }
    if (this.#waiting.size >= maxWaiting) return false;
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(go);
        resolve(false);
      }, patienceMs);
      this.#waiting.add(go);
    });
  }

  /** Give a slot back; the first in line takes it over. */
  release(): void {
    if (this.#taken > this.#max || !this.#next()) this.#taken--;
  }

  /** @returns false when nobody waits */
  #next(): boolean {
    for (const go of this.#waiting) {
      this.#waiting.delete(go);
      go();
      return true;
    }
    return false;
  }
}

const patienceMs = 2_000;
const maxWaiting = 256;
