import { ascii, byteString, bytes, type ByteString } from '../../platform/byte-string.ts';
import { member, type JsonNode } from '../../platform/json/scan.ts';
import type { Message } from '../message.ts';
import type { EventStream } from './event-stream.ts';

/** What the client said to a request of ours: one of the two, as spans of the bytes. */
export interface ClientReply {
  readonly bytes: Buffer;
  readonly result: JsonNode | undefined;
  readonly error: JsonNode | undefined;
}

export interface AskOptions {
  readonly timeoutMs: number;
  /** Withdraws the request. */
  readonly signal?: AbortSignal;
}

/**
 * Why a request to a client got no reply: there is no stream to ask on (`gone`), it took too long (`timeout`), the
 * asker withdrew it (`withdrawn`), the request it belonged to or the session ended first (`ended`), or it was never
 * sent (`refused`: too many outstanding, too large, or the client reads no event streams).
 */
export type AskFault = 'gone' | 'timeout' | 'withdrawn' | 'ended' | 'refused';

export class AskFailed extends Error {
  override readonly name = 'AskFailed';
  readonly fault: AskFault;

  constructor(fault: AskFault) {
    super(`The client was not asked or did not reply: ${fault}.`);
    this.fault = fault;
  }
}

/** Requests a session may have outstanding at its client. */
const mostAsks = 64;

interface Ask {
  readonly stream: EventStream;
  settle(outcome: ClientReply | AskFault): void;
}

/** The gateway's own requests to the client of one legacy session. Their ids mean something in this session only. */
export class Asks {
  readonly #waiting = new Map<string, Ask>();
  #count = 0;

  /**
   * Ask on a stream and wait. A client that loses its connection meanwhile gets the request when it resumes the stream.
   * @param params JSON text
   * @throws AskFailed (rejects)
   */
  ask(stream: EventStream, method: string, params: ByteString, options: AskOptions): Promise<ClientReply> {
    const { timeoutMs, signal } = options;
    if (signal?.aborted === true) return Promise.reject(new AskFailed('withdrawn'));
    if (this.#waiting.size >= mostAsks) return Promise.reject(new AskFailed('refused'));
    const id = `mcpnest-${++this.#count}`;
    const asked = bytes`{"jsonrpc":"2.0","id":"${ascii(id)}","method":${byteString(JSON.stringify(method))},"params":${params}}`;
    if (!stream.send(asked)) return Promise.reject(new AskFailed(stream.ended ? 'gone' : 'refused'));
    return new Promise((resolve, reject) => {
      const withdraw = (fault: AskFault): void => {
        stream.send(cancelled(id));
        settle(fault);
      };
      const onAbort = (): void => withdraw('withdrawn');
      const timer = setTimeout(withdraw, timeoutMs, 'timeout');
      timer.unref();
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (outcome: ClientReply | AskFault): void => {
        if (!this.#waiting.delete(id)) return;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        if (typeof outcome === 'string') reject(new AskFailed(outcome));
        else resolve(outcome);
      };
      this.#waiting.set(id, { stream, settle });
    });
  }

  /** Take a response of the client. One to a request that is unknown or over is ignored. */
  reply({ bytes: said, idText, body }: Message): void {
    const id: unknown = JSON.parse(idText);
    if (typeof id !== 'string') return;
    const error = member(body, 'error');
    const result = error === undefined ? member(body, 'result') : undefined;
    this.#waiting.get(id)?.settle({ bytes: said, result, error });
  }

  /** Nothing more will be said on the stream, so nothing more is expected on it either. */
  over(stream: EventStream): void {
    for (const ask of this.#waiting.values()) if (ask.stream === stream) ask.settle('ended');
  }
}

const cancelled = (id: string): ByteString =>
  bytes`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"${ascii(id)}"}}`;
