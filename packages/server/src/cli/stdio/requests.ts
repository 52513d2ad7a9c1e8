import { rpcCode } from '../../domain/protocol.ts';
import { JsonRejected, member } from '../../platform/json/scan.ts';
import { messagesWithResumption, post, type ExchangeDeps, type Outgoing } from './exchange.ts';
import { BridgeFault } from './fault.ts';
import { answerUnder, errorMessage, parsedValue, readMessage, type Message, type MessageId } from './message.ts';
import type { Outlet } from './outlet.ts';

export interface RequestsDeps extends ExchangeDeps {
  readonly outlet: Outlet;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** A request of the client that has no answer yet. */
interface Pending extends Outgoing {
  readonly id: MessageId;
  readonly abort: AbortController;
  /** What answered it over HTTP. */
  response: Response | undefined;
}

const maxPending = 256;
/** Time a legacy server has to end the stream of a call that was called off. */
const cancelledMs = 5_000;

/** The client's requests under way, each on an HTTP exchange of its own, each answered exactly once. */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #pending = new Map<string, Pending>();
  readonly #running = new Set<Promise<void>>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /**
   * Begin a request; its answer is written when it comes.
   * @param after what must be done before it is sent
   */
  async start(request: Message, modern: boolean, after: Promise<void> | undefined): Promise<void> {
    const id = request.id!;
    const refusal = this.#refusal(id);
    if (refusal !== undefined) return await this.#deps.outlet.write(errorMessage(id, refusal));
    const abort = new AbortController();
    const signal = AbortSignal.any([this.#deps.signal, abort.signal]);
    const pending: Pending = { id, request, modern, abort, signal, response: undefined };
    this.#pending.set(id.key, pending);
    const running = this.#run(pending, after);
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  #refusal({ key }: MessageId): BridgeFault | undefined {
    if (this.#pending.has(key))
      return new BridgeFault(rpcCode.invalidRequest, 'A request with this id is still under way.');
    if (this.#pending.size < maxPending) return undefined;
    return new BridgeFault(rpcCode.unavailable, `${maxPending} requests are under way; wait for an answer.`);
  }

  /** Done when everything is answered that will be. */
  async finished(): Promise<void> {
    for (const pending of this.#pending.values())
      if (pending.request.method === 'subscriptions/listen') this.#drop(pending);
    await Promise.all(this.#running);
  }

  /**
   * The client wants no answer any more.
   * @returns `closed` when closing the request's own exchange has said so to the gateway
   */
  cancel(id: MessageId | undefined): 'closed' | 'to be told' {
    const pending = id === undefined ? undefined : this.#pending.get(id.key);
    if (pending === undefined || pending.request.method === 'initialize') return 'to be told';
    if (pending.modern) {
      this.#drop(pending);
      return 'closed';
    }
    this.#pending.delete(pending.id.key);
    setTimeout(() => pending.abort.abort(), cancelledMs).unref();
    return 'to be told';
  }

  /** Pass a message of the gateway on; an answer that nobody waits for is left out. */
  async deliver(bytes: Buffer): Promise<void> {
    let message: Message;
    try {
      message = readMessage(bytes, 'gateway');
    } catch (error) {
      if (!(error instanceof JsonRejected)) throw error;
      this.#deps.say('the gateway sent something that is no MCP message; it was left out');
      return;
    }
    if (message.kind === 'response') {
      const pending = message.id === undefined ? undefined : this.#pending.get(message.id.key);
      if (pending === undefined) return;
      this.#takeNote(pending, message);
      this.#pending.delete(pending.id.key);
    }
    await this.#deps.outlet.write(bytes);
  }

  /** What of an answer concerns the bridge itself, before the client can act on it. */
  #takeNote({ request, response, modern }: Pending, answer: Message): void {
    const result = member(answer.root, 'result');
    if (result === undefined) return;
    if (modern) {
      if (request.method === 'tools/list') this.#deps.tools.learn(parsedValue(answer, result));
    } else if (request.method === 'initialize' && response !== undefined) {
      this.#deps.session.open(request, response, answer);
    } else this.#deps.session.succeeded(request);
  }

  /** Never rejects. */
  async #run(pending: Pending, after: Promise<void> | undefined): Promise<void> {
    try {
      await after;
      await this.#exchange(pending);
      if (this.#waits(pending))
        throw new BridgeFault(rpcCode.upstreamFailed, 'The gateway ended the exchange without an answer.');
    } catch (error) {
      if (!this.#waits(pending) || pending.signal.aborted) return;
      const fault = error instanceof BridgeFault ? error : new BridgeFault(rpcCode.internal, 'Internal error');
      if (fault !== error) this.#deps.say(`unexpected: ${error instanceof Error ? error.message : String(error)}`);
      await this.#deps.outlet.write(errorMessage(pending.id, fault));
    } finally {
      if (this.#waits(pending)) this.#pending.delete(pending.id.key);
    }
  }

  async #exchange(pending: Pending): Promise<void> {
    const { http, session, outlet } = this.#deps;
    const answer = await post(this.#deps, pending);
    if (answer.error !== undefined) {
      if (!this.#waits(pending)) return;
      this.#pending.delete(pending.id.key);
      return await outlet.write(answerUnder(pending.id, answer.error));
    }
    pending.response = answer.response;
    const within = pending.modern ? undefined : session.current;
    for await (const bytes of messagesWithResumption(http, answer.response, within, pending.signal)) {
      await this.deliver(bytes);
      if (!this.#waits(pending)) return;
    }
  }

  /** Whether its client still waits for an answer. */
  #waits(pending: Pending): boolean {
    return this.#pending.get(pending.id.key) === pending;
  }

  #drop(pending: Pending): void {
    this.#pending.delete(pending.id.key);
    pending.abort.abort();
  }
}
