/**
 * What is under way right now, as a linked list.
 *
 * A `Set` would do, but not for things that come and go thousands of times a second: V8 links each outgrown table of a
 * `Set` to its successor, and once one of them has grown old, every later table, with all that was in it, is kept until
 * the next full collection. Young collections then take tens of milliseconds instead of one.
 */
export class Registry<T> {
  #first: Entry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns what takes the value out again; calling it twice is harmless */
  add(value: T): () => void {
    const entry: Entry<T> = { value, before: undefined, after: this.#first, gone: false };
    if (this.#first !== undefined) this.#first.before = entry;
    this.#first = entry;
    this.#size++;
    return () => this.#remove(entry);
  }

  /** The values present now. */
  values(): T[] {
    const values: T[] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.after) values.push(entry.value);
    return values;
  }

  #remove(entry: Entry<T>): void {
    if (entry.gone) return;
    entry.gone = true;
    this.#size--;
    if (entry.before === undefined) this.#first = entry.after;
    else entry.before.after = entry.after;
    if (entry.after !== undefined) entry.after.before = entry.before;
    // A removed entry must not lead to its neighbours, or it would keep them as the Set would.
    entry.before = entry.after = undefined;
  }
}

interface Entry<T> {
  readonly value: T;
  before: Entry<T> | undefined;
  after: Entry<T> | undefined;
  gone: boolean;
}
