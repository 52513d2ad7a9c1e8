import { HttpProtocolError } from './protocol-error.ts';
import { ResponseHeaders } from './response-headers.ts';

/**
 * How a body ends: after `length` bytes, with its last chunk, with the connection, or at once (`done`), for there is
 * none.
 */
export type BodyForm = 'length' | 'chunk-size' | 'until-close' | 'done';

/** What the status line and the header section of a response say. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: BodyForm;
  /** Bytes of the body; 0 where that is not said. */
  readonly length: number;
  /** Whether another request may be sent on the connection. */
  readonly reusable: boolean;
}

/** Status line and header section: exact line ends, no folded lines, no space before a colon, no control characters. */
const headForm =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/;

const mostKnown = 256;
const longestKnown = 1024;
/** What means something to one conversation alone is not kept beyond it. */
const personal = ['mcp-session-id', 'set-cookie', 'set-cookie2'];

/**
 * Reads the heads of one server and remembers them by their text. Under load they repeat, since servers write the same
 * fields in the same second about answers of a few lengths, and reading one costs as much as all else about a response.
 */
export class Heads {
  readonly #known = new Map<string, ResponseHead>();

  /**
   * Read a head without the empty line that ends it.
   * @throws HttpProtocolError
   */
  read(text: string): ResponseHead {
    if (text.length > longestKnown) return readHead(text);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const head = readHead(text);
    if (personal.some((name) => head.headers.get(name) !== undefined)) return head;
    if (this.#known.size === mostKnown) this.#known.clear();
    this.#known.set(text, head);
    return head;
  }
}

function readHead(text: string): ResponseHead {
  if (!headForm.test(text)) throw notHttp();
  const status = Number(text.slice(9, 12));
  if (status === 101) throw new HttpProtocolError('the protocol was switched without being asked');
  const headers = new ResponseHeaders(text);
  if (status < 200) return { status, headers, body: 'done', length: 0, reusable: true };
  const said = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  const options = headers.get('connection');
  const old = text.startsWith('HTTP/1.0');
  const reusable = !old && !(options !== undefined && /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(options));
  const { body, length } = bodyOf(said, coding, old);
  if (status !== 204 && status !== 304) return { status, headers, body, length, reusable };
  // It has no body; a peer that announces one may send it all the same.
  const announced = body !== 'done' && (said !== undefined || coding !== undefined);
  return { status, headers, body: 'done', length: 0, reusable: reusable && !announced };
}

function bodyOf(
  said: string | undefined,
  coding: string | undefined,
  old: boolean,
): { body: BodyForm; length: number } {
  if (coding !== undefined) {
    if (said !== undefined || coding.toLowerCase() !== 'chunked' || old) {
      throw new HttpProtocolError('a transfer coding that leaves the length open');
    }
    return { body: 'chunk-size', length: 0 };
  }
  if (said === undefined) return { body: 'until-close', length: 0 };
  if (!/^\d{1,15}$/.test(said)) throw new HttpProtocolError('a content length that is no number');
  const length = Number(said);
  return { body: length === 0 ? 'done' : 'length', length };
}

export const notHttp = (): HttpProtocolError => new HttpProtocolError('not an HTTP/1.1 response');
