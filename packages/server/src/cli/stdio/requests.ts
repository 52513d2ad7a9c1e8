import { rpcCode } from '../../domain/protocol.ts';
import { JsonRejected, member } from '../../platform/json/scan.ts';
import { BridgeFault, statusFault } from './fault.ts';
import type { GatewayHttp } from './gateway-http.ts';
import { openStream, waitBeforeRetry } from './listener.ts';
import {
  answerUnder,
  errorCode,
  errorMessage,
  parsedValue,
  readMessage,
  type Message,
  type MessageId,
} from './message.ts';
import type { Outlet } from './outlet.ts';
import { postHeaders, type Session } from './request-headers.ts';
import { messagesOf, wholeBody, type StreamPosition } from './response-body.ts';
import type { SessionKeeper } from './session.ts';
import type { ToolHeaders } from './tool-headers.ts';

export interface RequestsDeps {
  readonly http: GatewayHttp;
  readonly tools: ToolHeaders;
  readonly session: SessionKeeper;
  readonly outlet: Outlet;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** A request of the client that has no answer yet. */
interface Pending {
  readonly id: MessageId;
  readonly request: Message;
  readonly modern: boolean;
  readonly abort: AbortController;
  readonly signal: AbortSignal;
  /** What answered it over HTTP. */
  response: Response | undefined;
}

const maxPending = 256;
const maxErrorBytes = 1024 * 1024;
/** Time a legacy server has to end the stream of a call that was called off. */
const cancelledMs = 5_000;
/** Attempts in a row to take up a broken stream that bring nothing. */
const maxResumes = 5;

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
    const { http, session } = this.#deps;
    const response = await this.#post(pending);
    pending.response = response;
    if (!response.ok) return await this.#passError(pending, response);
    const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
    // Taken now: an answer to `initialize` opens one, and what broke off belongs to the one it was sent in.
    const inSession = pending.modern ? undefined : session.current;
    let stream: Response | undefined = response;
    for (let failures = 0; failures <= maxResumes;) {
      const from = position.lastEventId;
      try {
        stream ??= await this.#resume(pending, inSession!, position);
        for await (const bytes of messagesOf(stream, position, http.url, pending.signal)) {
          await this.deliver(bytes);
          if (!this.#waits(pending)) return;
        }
      } catch (error) {
        if (!(error instanceof BridgeFault) || inSession === undefined || position.lastEventId === undefined)
          throw error;
        if (error.code === 401 || error.code === 404) throw error;
      }
      if (inSession === undefined || position.lastEventId === undefined) return;
      failures = position.lastEventId === from ? failures + 1 : 0;
      stream = undefined;
      await waitBeforeRetry(position.retryMs, failures, pending.signal);
    }
  }

  /** Take a broken stream up where it broke off (legacy; 2025-11-25 servers also break it on purpose). */
  async #resume(pending: Pending, session: Session, position: StreamPosition): Promise<Response> {
    const { http } = this.#deps;
    const response = await openStream(http, session, position, pending.signal);
    if (response.ok) return response;
    await response.body?.cancel();
    throw response.status === 404
      ? new BridgeFault(404, 'The gateway has forgotten the session; whether the call was made is not known.')
      : statusFault(response, http.url);
  }

  /** POST the request; in a session the gateway has forgotten, once more in a new one. A 404 means it was not run. */
  async #post(pending: Pending): Promise<Response> {
    const { session } = this.#deps;
    const used = session.current;
    const response = await this.#postOnce(pending);
    const inSession = !pending.modern && used?.id !== undefined && pending.request.method !== 'initialize';
    if (response.status !== 404 || !inSession) return response;
    await response.body?.cancel();
    await session.reopen(used);
    return await this.#postOnce(pending);
  }

  #postOnce({ request, signal }: Pending): Promise<Response> {
    const { http, session, tools } = this.#deps;
    const headers = postHeaders(request, session.current, tools);
    return http.send({ method: 'POST', headers, signal, body: request.bytes });
  }

  /** An answer with an HTTP error. What the gateway says of the call goes to the client as it is. */
  async #passError(pending: Pending, response: Response): Promise<void> {
    const { http, outlet } = this.#deps;
    const body = await wholeBody(response, maxErrorBytes, http.url, pending.signal);
    const answer = response.status === 401 ? undefined : errorIn(body);
    if (answer === undefined) throw statusFault(response, http.url);
    if (!this.#waits(pending)) return;
    this.#pending.delete(pending.id.key);
    await outlet.write(answerUnder(pending.id, answer));
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

/** The JSON-RPC error a body consists of, if it does. */
function errorIn(body: Buffer): Message | undefined {
  try {
    const answer = readMessage(body, 'gateway');
    return errorCode(answer) === undefined ? undefined : answer;
  } catch {
    return undefined;
  }
}
