import type { Secret } from '../../domain/secret.ts';
import { networkFault, throwIfAborted } from './fault.ts';

export interface HttpRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly body?: Buffer;
}

/** The one URL the bridge speaks to, with the bearer token that goes nowhere else. */
export class GatewayHttp {
  readonly url: URL;
  readonly #token: Secret;

  constructor(url: URL, token: Secret) {
    this.url = url;
    this.#token = token;
  }

  /**
   * Send one request. Redirects come back as the answers they are: a bearer must not follow them.
   * @throws BridgeFault when there is no answer, or not in time; the reason of the signal when it was aborted
   */
  async send({ method, headers, signal, body }: HttpRequest): Promise<Response> {
    const init = { method, signal, redirect: 'manual', ...(body === undefined ? {} : { body: bodyOf(body) }) } as const;
    try {
      return await fetch(this.url, {
        ...init,
        headers: { ...headers, authorization: `Bearer ${this.#token.reveal()}` },
      });
    } catch (error) {
      throwIfAborted(signal);
      throw networkFault(error, this.url);
    }
  }
}

/** `fetch` takes no shared memory, and a Buffer might be of such. */
const bodyOf = (body: Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(body);
