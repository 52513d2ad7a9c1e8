const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const longestToken = 24;

/**
 * Finds the integer `id` of a JSON-RPC response that is too large to keep, while its bytes go by: whoever waits for it
 * can be told at once. Keeps a few characters and no more.
 */
export class OversizedId {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #token = '';
  #name = '';
  #isValue = false;
  #found: string | undefined;
  #isResponse = true;

  /** The digits of the id, once all has gone by; undefined for a request, whose id is the child's own. */
  get found(): string | undefined {
    return this.#isResponse ? this.#found : undefined;
  }

  push(chunk: Buffer): void {
    for (const byte of chunk) {
      if (this.#inString) this.#character(byte);
      else this.#structure(byte);
    }
  }

  #character(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
    if (this.#depth === 1) this.#keep(byte);
  }

  #structure(byte: number): void {
    const char = String.fromCharCode(byte);
    if (byte === QUOTE) this.#inString = true;
    if (this.#depth === 1) {
      if (char === ':') {
        this.#name = this.#token;
        if (this.#name === '"method"') this.#isResponse = false;
        this.#startToken(true);
        return;
      }
      if (char === ',' || char === '}') {
        if (this.#isValue && this.#name === '"id"' && /^\d+$/.test(this.#token)) this.#found = this.#token;
        this.#startToken(false);
      } else if (!/\s/.test(char)) this.#keep(byte);
    }
    if (char === '{' || char === '[') this.#depth++;
    else if (char === '}' || char === ']') this.#depth--;
  }

  #startToken(isValue: boolean): void {
    this.#token = '';
    this.#isValue = isValue;
  }

  #keep(byte: number): void {
    if (this.#token.length < longestToken) this.#token += String.fromCharCode(byte);
  }
}
