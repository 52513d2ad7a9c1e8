import { AppError } from '../../domain/errors.ts';
import { SharedBudget } from '../byte-budget.ts';
import type { UpstreamAsk } from '../upstreams/conversation.ts';

/** What requests that wait for their clients' input hold, of all together and of one token. */
const mostWaitingBytes = 32 * 1024 * 1024;
const mostPerToken = 8 * 1024 * 1024;

/**
 * Memory of requests whose clients are being asked something. People take their time, so what such a request keeps is
 * counted: the request itself and what its server asked with.
 */
export class Waiting {
  readonly #budget = new SharedBudget(mostWaitingBytes, mostPerToken);

  /**
   * @returns what gives the bytes back
   * @throws AppError `rate_limited` when too much waits already
   */
  enter(tokenId: string, bytes: number): () => void {
    if (this.#budget.take(tokenId, bytes)) return () => this.#budget.give(tokenId, bytes);
    throw new AppError('rate_limited', 'Too many or too large calls wait for input; answer or cancel some of them.', {
      retryAfterMs: 10_000,
    });
  }

  /**
   * Count a question, and the request it belongs to, for as long as it is open.
   * @returns the question as it is to be asked; undefined when too much waits already
   */
  count(tokenId: string, ask: UpstreamAsk, requestBytes: number): UpstreamAsk | undefined {
    const bytes = ask.message.bytes.length + requestBytes;
    if (!this.#budget.take(tokenId, bytes)) return undefined;
    let open = true;
    const close = (): void => {
      if (open) this.#budget.give(tokenId, bytes);
      open = false;
    };
    const counted: UpstreamAsk = {
      message: ask.message,
      onWithdrawn: undefined,
      respond: (body) => {
        close();
        ask.respond(body);
      },
    };
    ask.onWithdrawn = () => {
      close();
      counted.onWithdrawn?.();
    };
    return counted;
  }
}
