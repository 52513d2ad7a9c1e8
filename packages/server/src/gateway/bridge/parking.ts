import type { CallMethod } from '../../platform/journal/records.ts';
import type { CallTarget } from '../call-target.ts';
import type { ClientCapabilities } from '../client-capabilities.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import type { CallRecord } from '../recorder.ts';
import type { Relay } from '../relay.ts';
import type { UpstreamAsk } from '../upstreams/conversation.ts';
import type { UpstreamMessage } from '../upstreams/reply.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import { busy, notDeclared, requestOf } from './ask-client.ts';
import { requires } from './capabilities.ts';
import { requireOffered } from './deliver.ts';
import type { InputRequired } from './input-required.ts';
import type { GuardedCall } from '../replay/guard.ts';
import type { ParkedCall } from './parked-calls.ts';

/** How an upstream's request came to its end. */
export type Ending =
  | { readonly answer: UpstreamAnswer; readonly required: InputRequired | undefined }
  | { readonly error: unknown };

/** What a request that may be parked has of its own. */
export interface ParkingOptions {
  readonly method: CallMethod;
  readonly target: CallTarget;
  readonly capabilities: ClientCapabilities;
  readonly relay: Relay;
  /** Ends the upstream's request. */
  readonly cancel: () => void;
}

/**
 * A request of a modern client, which hears questions only as an answer, towards an upstream that may ask in the middle
 * of it. Until the first question it is a request like any other.
 */
export class Parking {
  readonly #deps: Pick<GatewayDeps, 'parked' | 'waiting'>;
  readonly #exchanged: Exchanged;
  readonly #requestBytes: number;
  readonly #own: ParkingOptions;
  #call: ParkedCall<Ending> | undefined;
  #onFirst: (() => void) | undefined;

  constructor(
    deps: Pick<GatewayDeps, 'parked' | 'waiting'>,
    exchanged: Exchanged,
    { bytes }: Message,
    own: ParkingOptions,
  ) {
    this.#deps = deps;
    this.#exchanged = exchanged;
    this.#requestBytes = bytes.length;
    this.#own = own;
  }

  /** Set from the first question on. */
  get call(): ParkedCall<Ending> | undefined {
    return this.#call;
  }

  readonly asked = (asked: UpstreamAsk): void => {
    const { target, capabilities, cancel } = this.#own;
    const { parked, waiting } = this.#deps;
    const { principal } = this.#exchanged;
    if (requires(requestOf(asked), capabilities).kind !== 'granted') return asked.respond(notDeclared);
    const ask = waiting.count(principal.tokenId, asked, this.#requestBytes);
    if (ask === undefined) return asked.respond(busy);
    try {
      this.#call ??= parked.park({ principal, target }, cancel);
    } catch {
      return ask.respond(busy);
    }
    this.#call.asked(ask);
    this.#onFirst?.();
  };

  /** What the upstream says goes to the request that its client waits on at the moment, if it does. */
  readonly notification = (message: UpstreamMessage, id: string): void => {
    if (this.#call === undefined) this.#own.relay.notification(message, id);
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
    const { method, capabilities } = this.#own;
    sent
      .then((answer) => ({ answer, required: requireOffered(this.#exchanged, capabilities, method, answer) }))
      .then(
        (ending) => {
          took();
          record.answered(ending.answer);
          guarded?.answered(ending.answer);
          call.ended(ending, ending.answer.bytes.length);
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
