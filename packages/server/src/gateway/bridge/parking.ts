import type { ClientCapabilities } from '../client-capabilities.ts';
import type { CallRecord } from '../recorder.ts';
import type { Relay } from '../relay.ts';
import type { UpstreamAsk } from '../upstreams/conversation.ts';
import type { UpstreamMessage } from '../upstreams/reply.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import { busy, notDeclared, requestOf } from './ask-client.ts';
import { requires } from './capabilities.ts';
import type { GuardedCall } from '../replay/guard.ts';
import type { ParkedCall, ParkedCalls, ParkedOwner } from './parked-calls.ts';

/** How an upstream's request came to its end. */
export type Ending = { readonly answer: UpstreamAnswer } | { readonly error: unknown };

/**
 * A request of a modern client, which hears questions only as an answer, towards an upstream that may ask in the middle
 * of it. Until the first question it is a request like any other.
 */
export class Parking {
  readonly #calls: ParkedCalls<Ending>;
  readonly #owner: ParkedOwner;
  readonly #capabilities: ClientCapabilities;
  readonly #relay: Relay;
  readonly #cancel: () => void;
  #call: ParkedCall<Ending> | undefined;
  #onFirst: (() => void) | undefined;

  /** @param cancel ends the upstream's request */
  constructor(
    calls: ParkedCalls<Ending>,
    owner: ParkedOwner,
    capabilities: ClientCapabilities,
    relay: Relay,
    cancel: () => void,
  ) {
    this.#calls = calls;
    this.#owner = owner;
    this.#capabilities = capabilities;
    this.#relay = relay;
    this.#cancel = cancel;
  }

  /** Set from the first question on. */
  get call(): ParkedCall<Ending> | undefined {
    return this.#call;
  }

  readonly asked = (ask: UpstreamAsk): void => {
    if (requires(requestOf(ask), this.#capabilities).kind !== 'granted') return ask.respond(notDeclared);
    try {
      this.#call ??= this.#calls.park(this.#owner, this.#cancel);
    } catch {
      return ask.respond(busy);
    }
    this.#call.asked(ask);
    this.#onFirst?.();
  };

  /** What the upstream says goes to the request that its client waits on at the moment, if it does. */
  readonly notification = (message: UpstreamMessage, id: string): void => {
    if (this.#call === undefined) this.#relay.notification(message, id);
    else this.#call.hear?.(message, id);
  };

  /**
   * Wait for the answer or the first question.
   * @returns undefined when a question came first
   */
  async first(sent: Promise<UpstreamAnswer>): Promise<UpstreamAnswer | undefined> {
    const question = new Promise<undefined>((resolve) => {
      this.#onFirst = () => resolve(undefined);
      if (this.#call !== undefined) resolve(undefined);
    });
    return Promise.race([sent, question]);
  }

  /**
   * Write the outcome whenever it comes, and have it delivered to whoever waits for it then.
   * @param done gives back what the request has taken
   */
  follow(
    sent: Promise<UpstreamAnswer>,
    { record, guarded }: { readonly record: CallRecord; readonly guarded: GuardedCall | undefined },
    took: () => void,
    done: () => void,
  ): void {
    const call = this.#call!;
    sent
      .then(
        (answer) => {
          took();
          record.answered(answer);
          guarded?.answered(answer);
          call.ended({ answer }, answer.bytes.length);
        },
        (error: unknown) => {
          took();
          record.failed(error);
          guarded?.failed(error);
          call.ended({ error }, 0);
        },
      )
      .finally(done);
  }
}
