const firstMs = 1_000;
const longestMs = 60_000;
/** A stream that lasted this long was worth opening. */
const worthMs = 5_000;

/**
 * A server's own `retry` (WHATWG HTML 9.2.6), believed within 0 … 60 seconds.
 * @param retryMs undefined: it named none, which means one second
 */
export const clampRetry = (retryMs: number | undefined): number => Math.min(retryMs ?? firstMs, longestMs);

/** How long to wait before a stream is opened again: 1 s to 60 s with jitter, or what the server asks for. */
export class Backoff {
  #ms = firstMs;

  /**
   * @param livedMs how long the last stream lasted
   * @param retryMs what the server asked for; a server whose streams do not last is not obeyed to the second
   */
  next(livedMs: number, retryMs: number | undefined): number {
    const jitter = 0.75 + Math.random() / 2;
    if (livedMs >= worthMs) {
      this.#ms = firstMs;
      return retryMs === undefined ? firstMs * jitter : clampRetry(retryMs);
    }
    const wait = Math.max(this.#ms * jitter, clampRetry(retryMs ?? 0));
    this.#ms = Math.min(this.#ms * 2, longestMs);
    return Math.min(wait, longestMs);
  }
}
