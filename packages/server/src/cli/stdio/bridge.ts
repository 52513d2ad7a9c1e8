import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { rpcCode } from '../../domain/protocol.ts';
import type { Secret } from '../../domain/secret.ts';
import { JsonRejected, member } from '../../platform/json/scan.ts';
import { BridgeFault } from './fault.ts';
import { GatewayHttp } from './gateway-http.ts';
import { linesOf } from './lines.ts';
import { Listener } from './listener.ts';
import { errorMessage, maxMessageBytes, readId, readMessage, type Message } from './message.ts';
import { Outlet } from './outlet.ts';
import { modernVersion, postHeaders } from './request-headers.ts';
import { Requests } from './requests.ts';
import { SessionKeeper } from './session.ts';
import { ToolHeaders } from './tool-headers.ts';

export interface BridgeOptions {
  /** The gateway's URL. */
  readonly url: URL;
  readonly token: Secret;
  /** Where the client writes. */
  readonly input: Readable;
  /** Where the client reads: the protocol and nothing else. */
  readonly output: Writable;
  /** A line for the person who reads the client's log. */
  readonly say: (text: string) => void;
  /** Aborted: end at once. */
  readonly signal: AbortSignal;
}

/** Time that requests under way have once the client has closed its end. */
const lastAnswersMs = 10_000;
/** Time that a notification, or the client's answer to a request, may take to be accepted. */
const acceptedMs = 30_000;
/** Of those, how many may be under way before the next line is read. */
const maxForwarded = 256;

/**
 * Carry a stdio client to a gateway over Streamable HTTP: each line of input is POSTed, each message that comes back
 * is a line of output. Both eras, as each message says; resolves when the client has closed its end, has gone away,
 * or the signal says so, and the session has been ended.
 */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  // A client that reads no more has gone.
  options.output.on('error', quit);
  options.signal.addEventListener('abort', quit);
  if (options.signal.aborted) quit();
  stop.signal.addEventListener('abort', () => options.input.destroy());
  const bridge = new StdioBridge(options, stop.signal);
  try {
    for await (const line of linesOf(options.input, maxMessageBytes)) await bridge.take(line);
    await Promise.race([bridge.finished(), sleep(lastAnswersMs, undefined, { signal: stop.signal, ref: false })]);
  } catch (error) {
    // Input that breaks off has ended; anything else is a defect and is said as one.
    if (!stop.signal.aborted && !isStreamError(error)) throw error;
  } finally {
    options.signal.removeEventListener('abort', quit);
    stop.abort();
    await bridge.endSession();
  }
}

const isStreamError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

class StdioBridge {
  readonly #http: GatewayHttp;
  readonly #say: (text: string) => void;
  readonly #signal: AbortSignal;
  readonly #outlet: Outlet;
  readonly #tools = new ToolHeaders();
  readonly #session: SessionKeeper;
  readonly #listener: Listener;
  readonly #requests: Requests;
  readonly #forwarded = new Set<Promise<void>>();
  /** Done when the gateway has heard that the client is ready; legacy requests wait for that. */
  #ready: Promise<void> = Promise.resolve();

  constructor({ url, token, output, say }: BridgeOptions, signal: AbortSignal) {
    this.#http = new GatewayHttp(url, token);
    this.#say = say;
    this.#signal = signal;
    this.#outlet = new Outlet(output);
    const http = this.#http;
    const tools = this.#tools;
    this.#session = new SessionKeeper({ http, tools, signal, onReopened: (session) => this.#listener.start(session) });
    this.#requests = new Requests({ http, tools, signal, session: this.#session, outlet: this.#outlet, say });
    this.#listener = new Listener({
      http,
      signal,
      deliver: (bytes) => this.#requests.deliver(bytes),
      onLost: (session) => this.#session.reopen(session),
    });
  }

  /** Take one line of the client. Resolves as soon as the next may come. */
  async take(line: Buffer | 'too_long'): Promise<void> {
    let message: Message;
    try {
      if (line === 'too_long') throw new JsonRejected('too_many', `A line is longer than ${maxMessageBytes} bytes.`);
      message = readMessage(line, 'client');
    } catch (error) {
      if (!(error instanceof JsonRejected)) throw error;
      const fault = new BridgeFault(rpcCode.parseError, `The line is no MCP message: ${error.message}`);
      return await this.#outlet.write(errorMessage(undefined, fault));
    }
    const modern = modernVersion(message) !== undefined;
    if (message.kind === 'request') return this.#requests.start(message, modern, modern ? undefined : this.#ready);
    if (message.method === 'notifications/cancelled' && this.#cancel(message)) return;
    const forwarded = this.#forward(message);
    if (message.method === 'notifications/initialized') this.#ready = forwarded;
    this.#forwarded.add(forwarded);
    void forwarded.then(() => this.#forwarded.delete(forwarded));
    if (this.#forwarded.size >= maxForwarded) await Promise.race(this.#forwarded);
  }

  /** Done when everything the client sent has been answered, but for streams that never end by themselves. */
  async finished(): Promise<void> {
    await Promise.all([this.#requests.finished(), ...this.#forwarded]);
  }

  async endSession(): Promise<void> {
    await this.#session.end();
  }

  /** @returns whether that was all: closing the response stream is how a modern request is cancelled over HTTP */
  #cancel(message: Message): boolean {
    const id = readId(message.bytes, member(message.params, 'requestId'));
    return this.#requests.cancel(id) === 'closed' || this.#session.current === undefined;
  }

  /** POST what has no answer; nobody waits for one, so failures are only said. */
  async #forward(message: Message): Promise<void> {
    const what = message.method === '' ? 'an answer' : message.method;
    try {
      const response = await this.#http.send({
        method: 'POST',
        headers: postHeaders(message, this.#session.current, this.#tools),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(acceptedMs)]),
        body: message.bytes,
      });
      await response.body?.cancel();
      if (!response.ok) this.#say(`the gateway answered HTTP ${response.status} to ${what}`);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#say(`${what} did not reach the gateway: ${error instanceof BridgeFault ? error.message : 'no answer'}`);
    }
    const { current } = this.#session;
    if (message.method === 'notifications/initialized' && current !== undefined) this.#listener.start(current);
  }
}
