import { forbidden } from '../domain/errors.ts';
import { SharedBudget } from './byte-budget.ts';
import { whenClosed, type Inbound } from './inbound.ts';
import type { RequestHead } from './request-head.ts';
import type { RpcError } from './rpc-error.ts';
import { rpcStatus } from './rpc-error.ts';
import { rateLimited } from './limits.ts';

/** Largest request body taken from a client. */
export const maxBodyBytes = 1024 * 1024;

export interface DoorSettings {
  /** Host names, without port, this gateway answers to. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Origins a browser may come from, besides those of allowed hosts on loopback. */
  readonly allowedOrigins: ReadonlySet<string>;
}

/**
 * Refuse requests that a browser was tricked into sending: an unknown `Host` (DNS rebinding) or a foreign `Origin`.
 * @throws AppError `forbidden`
 */
export function checkHostAndOrigin(head: RequestHead, settings: DoorSettings): void {
  const host = hostName(head.host);
  if (host === undefined || !settings.allowedHosts.has(host)) {
    throw forbidden('This host name is not served here; the operator adds names with MCPNEST_ALLOWED_HOSTS.');
  }
  const { origin } = head;
  if (origin === undefined) return;
  if (settings.allowedOrigins.has(origin)) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !settings.allowedHosts.has(bare(url.hostname))) {
    throw forbidden('This origin is not allowed; the operator adds origins with MCPNEST_ALLOWED_ORIGINS.');
  }
}

/** The name in the last header seen that was in form: one name is nearly every request's. */
let lastHost = { header: '', name: '' };

function hostName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header === lastHost.header) return lastHost.name;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(header);
  if (match === null) return undefined;
  lastHost = { header, name: bare(match[1]!) };
  return lastHost.name;
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/**
 * The body may be anything that parses as JSON-RPC: a forgotten `Content-Type` (curl then sends the form type) is
 * forgiven, because a browser cannot add the bearer token to a simple request. Other types are refused.
 * @throws RpcError with HTTP 415
 */
export function checkContentType({ contentType, contentEncoding }: RequestHead): void {
  const type = contentType === 'application/json' ? contentType : contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === undefined || type === 'application/json' || type === 'application/x-www-form-urlencoded') {
    if (contentEncoding === undefined) return;
    throw rpcStatus(415, 'Content-Encoding is not supported on requests.');
  }
  throw rpcStatus(415, 'Content-Type must be application/json.');
}

/**
 * Read the whole body, bounded. Callbacks and not a promise: this runs for every request. One of them is called, once;
 * neither, when the client goes away first, for then there is nobody to answer.
 * @param failed with RpcError of HTTP 413, or AppError where there is no room
 */
export function readBody(
  inbound: Inbound,
  room: BodyRoom,
  done: (body: Buffer) => void,
  failed: (error: Error) => void,
): void {
  const { req, head } = inbound;
  if (Number(head.contentLength ?? 0) > maxBodyBytes) return failed(tooLarge());
  let chunks: Buffer[] | undefined;
  let first: Buffer | undefined;
  let bytes = 0;
  let refused = false;
  req.receive({
    chunk(chunk) {
      if (refused) return false;
      bytes += chunk.length;
      const isLarge = bytes > smallBodyBytes;
      if (isLarge && (bytes > maxBodyBytes || !room.take(inbound, chunk.length))) {
        refused = true;
        failed(
          bytes > maxBodyBytes ? tooLarge() : rateLimited({ name: 'bodies', what: 'large requests under way' }, 1_000),
        );
        return false;
      }
      if (first === undefined) first = chunk;
      else (chunks ??= [first]).push(chunk);
      return true;
    },
    end() {
      if (!refused) done(chunks === undefined ? (first ?? nothing) : Buffer.concat(chunks, bytes));
    },
  });
}

/** Smaller bodies are not counted. */
const smallBodyBytes = 64 * 1024;
/** What large requests may hold until they are answered, of all together and of one token. */
const mostBodyBytes = 64 * 1024 * 1024;
const mostOfOneToken = 32 * 1024 * 1024;

/** Memory for large requests under way. */
export class BodyRoom {
  readonly #budget = new SharedBudget(mostBodyBytes, mostOfOneToken);

  /** @returns false when there is no room; otherwise it is given back when the request is over */
  take(inbound: Inbound, bytes: number): boolean {
    const owner = inbound.principal?.tokenId ?? '';
    if (!this.#budget.take(owner, bytes)) return false;
    whenClosed(inbound, () => this.#budget.give(owner, bytes));
    return true;
  }
}

const nothing = Buffer.alloc(0);
const tooLarge = (): RpcError => rpcStatus(413, `The request is larger than ${maxBodyBytes} bytes.`);
