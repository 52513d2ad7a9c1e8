import type { ServerResponse } from 'node:http';
import { ascii, byteString, bytes, type ByteString } from '../../platform/byte-string.ts';
import { metaKey } from '../../domain/protocol.ts';
import { writeEvent } from './event.ts';

/** The stream of one `subscriptions/listen` (2026-07-28): everything on it carries the id of the request. */
export class ListenStream {
  readonly #res: ServerResponse;
  readonly #idText: string;
  /** What its client was too slow to take. Each thing is worth saying once, however often it happens. */
  readonly #waiting = new Set<ByteString>();

  /** @param res its head has been written */
  constructor(res: ServerResponse, idText: string) {
    this.#res = res;
    this.#idText = idText;
    res.on('drain', () => this.#pump());
  }

  /** @param params members of the params, without the braces; may be empty */
  notify(method: ByteString, params: ByteString = ascii('')): void {
    const more = params === '' ? params : bytes`,${params}`;
    const message = bytes`{"jsonrpc":"2.0","method":"${method}","params":{"_meta":${this.#meta()}${more}}}`;
    if (this.#res.writableNeedDrain) this.#waiting.add(message);
    else this.#write(message);
  }

  /** End it in good order (`SubscriptionsListenResult`). */
  end(): void {
    const result = bytes`{"resultType":"complete","_meta":${this.#meta()}}`;
    this.#write(bytes`{"jsonrpc":"2.0","id":${byteString(this.#idText)},"result":${result}}`);
    this.#res.end();
  }

  #meta(): ByteString {
    return bytes`{"${ascii(metaKey.subscriptionId)}":${byteString(this.#idText)}}`;
  }

  #write(message: ByteString): void {
    if (!this.#res.destroyed && !this.#res.writableEnded) writeEvent(this.#res, message);
  }

  #pump(): void {
    for (const message of this.#waiting) {
      if (this.#res.writableNeedDrain) return;
      this.#waiting.delete(message);
      this.#write(message);
    }
  }
}
