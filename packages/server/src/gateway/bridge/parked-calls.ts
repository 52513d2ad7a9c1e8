import { randomBytes } from 'node:crypto';
import { bytes, byteString } from '../../platform/byte-string.ts';
import type { Principal } from '../../domain/policy.ts';
import { AppError } from '../../domain/errors.ts';
import type { TargetNames } from '../call-target.ts';
import { ByteBudget } from '../byte-budget.ts';
import type { UpstreamAsk } from '../upstreams/conversation.ts';
import type { UpstreamMessage } from '../upstreams/reply.ts';
import { requestOf } from './ask-client.ts';
import type { InputRequest } from './capabilities.ts';

/** How a wait for a parked call ends: the upstream asks something, or the call is over. */
export type Leg<T> =
  | { readonly kind: 'asked'; readonly requests: ReadonlyMap<string, InputRequest> }
  | { readonly kind: 'ended'; readonly ending: T };

/** Who called what. */
export interface ParkedOwner {
  readonly principal: Principal;
  readonly target: TargetNames;
}

/** A parked call waits this long for its client to come back. */
export const parkedMs = 10 * 60_000;
/** Requests that arrive together are asked together. */
const gatherMs = 20;
const mostPerToken = 64;
const mostParked = 1_000;

/**
 * Calls of modern clients to legacy upstreams that have asked something: the upstream's request goes on while the
 * client, which has its answer `input_required`, may be on another connection or gone.
 */
export class ParkedCalls<T> {
  readonly #calls = new Map<string, ParkedCall<T>>();

  /**
   * @param cancel ends the upstream's request
   * @throws AppError `rate_limited` when too many wait already
   */
  park(owner: ParkedOwner, cancel: () => void): ParkedCall<T> {
    const { tokenId } = owner.principal;
    let mine = 0;
    for (const call of this.#calls.values()) if (call.owner.principal.tokenId === tokenId) mine++;
    if (mine >= mostPerToken || this.#calls.size >= mostParked) {
      throw new AppError('rate_limited', 'Too many calls wait for input; answer or cancel some of them first.', {
        retryAfterMs: 10_000,
      });
    }
    const call = new ParkedCall<T>(owner, cancel, () => this.#calls.delete(call.id));
    this.#calls.set(call.id, call);
    return call;
  }

  /** The call a `requestState` names; undefined when it has ended and been collected, was swept, or is on no list. */
  find(id: string): ParkedCall<T> | undefined {
    return this.#calls.get(id);
  }

  /** Give up the calls of a workspace that may not go on. */
  keepOnly(workspaceId: string, may: (owner: ParkedOwner) => boolean): void {
    for (const call of this.#calls.values()) {
      if (call.owner.principal.workspaceId === workspaceId && !may(call.owner)) call.giveUp();
    }
  }

  close(): void {
    for (const call of this.#calls.values()) call.giveUp();
  }

  get size(): number {
    return this.#calls.size;
  }
}

/** Answers that nobody has come back for yet, in all. */
const kept = new ByteBudget(16 * 1024 * 1024);

export class ParkedCall<T> {
  readonly id = randomBytes(16).toString('base64url');
  readonly owner: ParkedOwner;
  /** Whoever waits right now hears what the upstream says meanwhile. */
  hear: ((message: UpstreamMessage, id: string) => void) | undefined;
  readonly #cancel: () => void;
  readonly #forget: () => void;
  /** Asked and not answered, by the key the client is given. */
  readonly #open = new Map<string, UpstreamAsk>();
  #asked = 0;
  #ending: { readonly value: T; readonly bytes: number } | undefined;
  /** Grows with every wait, so that one whose place was taken notices. */
  #turn = 0;
  #wake: (() => void) | undefined;
  #gather: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  /** Nobody can come back to it any more. */
  #left = false;

  constructor(owner: ParkedOwner, cancel: () => void, forget: () => void) {
    this.owner = owner;
    this.#cancel = cancel;
    this.#forget = forget;
  }

  /** The upstream asks. */
  asked(ask: UpstreamAsk): void {
    const key = `ask-${++this.#asked}`;
    this.#open.set(key, ask);
    ask.onWithdrawn = () => this.#open.delete(key);
    this.#gather ??= setTimeout(() => {
      this.#gather = undefined;
      this.#wake?.();
    }, gatherMs);
  }

  /**
   * The upstream's request is over; whoever waits, or comes back in time, gets this.
   * @param size bytes it takes to keep it; where there is no room it is forgotten
   */
  ended(value: T, size: number): void {
    if (this.#ending !== undefined) return;
    this.#open.clear();
    const keeps = this.#wake === undefined && !this.#left;
    if (keeps && !kept.take(size)) return this.#leave();
    this.#ending = { value, bytes: keeps ? size : 0 };
    this.#wake?.();
  }

  /**
   * Hand the client's answers on.
   * @param responses JSON text of results by key; keys that name nothing open are ignored
   */
  respond(responses: ReadonlyMap<string, string>): void {
    for (const [key, result] of responses) {
      const ask = this.#open.get(key);
      if (ask === undefined) continue;
      this.#open.delete(key);
      ask.respond(bytes`"result":${byteString(result)}`);
    }
  }

  /**
   * Wait until there is something to tell the client. One waits at a time: the next takes its place.
   * @returns undefined for one whose place was taken
   */
  async next(): Promise<Leg<T> | undefined> {
    const turn = ++this.#turn;
    clearTimeout(this.#expiry);
    this.#wake?.();
    while (this.#ending === undefined && (this.#open.size === 0 || this.#gather !== undefined)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (turn !== this.#turn) return undefined;
    }
    this.#wake = undefined;
    if (this.#ending !== undefined) {
      this.#leave();
      return { kind: 'ended', ending: this.#ending.value };
    }
    this.#expiry = setTimeout(() => this.giveUp(), parkedMs).unref();
    return { kind: 'asked', requests: new Map([...this.#open].map(([key, ask]) => [key, requestOf(ask)])) };
  }

  /** Whose turn it is to wait; another's since it has changed. */
  get turn(): number {
    return this.#turn;
  }

  /** Nobody will come back: the upstream's request is cancelled. */
  giveUp(): void {
    this.#leave();
    if (this.#ending === undefined) this.#cancel();
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    clearTimeout(this.#expiry);
    clearTimeout(this.#gather);
    if (this.#ending !== undefined) kept.give(this.#ending.bytes);
    this.#forget();
  }
}
