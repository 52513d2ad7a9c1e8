/** Around a value; nothing else is white space there. */
const blanks = /^[\t ]+|[\t ]+$/g;

/** Header fields of a response. */
export class ResponseHeaders {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  /** null: not looked for yet. */
  #keepAliveSeconds: number | undefined | null = null;

  /** @param head the checked header section, one field a line */
  constructor(head: string) {
    for (let at = head.indexOf('\r\n'); at >= 0;) {
      const next = head.indexOf('\r\n', at + 2);
      const colon = head.indexOf(':', at);
      this.#names.push(head.slice(at + 2, colon).toLowerCase());
      this.#values.push(head.slice(colon + 1, next < 0 ? undefined : next).replace(blanks, ''));
      at = next;
    }
  }

  /**
   * The value of a field; the values of one that came several times, joined by `, ` (RFC 9110 5.3).
   * @param name in lower case
   */
  get(name: string): string | undefined {
    const first = this.#names.indexOf(name);
    if (first < 0) return undefined;
    if (!this.#names.includes(name, first + 1)) return this.#values[first];
    return this.#values.filter((_, index) => this.#names[index] === name).join(', ');
  }

  /** Seconds for which the peer says it keeps a connection that rests (`Keep-Alive`); undefined where it says nothing. */
  get keepAliveSeconds(): number | undefined {
    if (this.#keepAliveSeconds === null) {
      const said = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(this.get('keep-alive') ?? '')?.[1];
      this.#keepAliveSeconds = said === undefined ? undefined : Number(said);
    }
    return this.#keepAliveSeconds;
  }
}
