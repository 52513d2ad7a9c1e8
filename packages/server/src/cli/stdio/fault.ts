import { rpcCode } from '../../domain/protocol.ts';

/** Why a request has no answer of the gateway: becomes a JSON-RPC error whose words name the remedy. */
export class BridgeFault extends Error {
  override readonly name = 'BridgeFault';
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: number, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The gateway was answered over HTTP, but not with a JSON-RPC message of its own. */
export function statusFault(response: Response, url: URL): BridgeFault {
  const { status } = response;
  if (status === 401) {
    return new BridgeFault(
      401,
      'The gateway does not accept the token: it is mistyped, expired or revoked. Ask an administrator of the ' +
        'workspace for a new one, set MCPNEST_TOKEN to it or store it with: ' +
        `mcpnest connect --store-token --url ${url.href} and start the client anew.`,
    );
  }
  if (status >= 300 && status < 400) {
    return new BridgeFault(
      rpcCode.upstreamFailed,
      `${url.href} answers with a redirect, which is not followed because the token would go with it. ` +
        'Give the address it leads to as --url.',
    );
  }
  if (status === 403) return new BridgeFault(403, `${url.href} refuses this client (HTTP 403).`);
  if (status === 404) return new BridgeFault(404, `There is no gateway at ${url.href} (HTTP 404). Is --url right?`);
  if (status === 413) return new BridgeFault(413, 'The message is larger than the gateway takes (HTTP 413).');
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? 'none');
    const data = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : undefined;
    return new BridgeFault(rpcCode.rateLimited, 'Too many requests (HTTP 429); try again later.', data);
  }
  const code = status >= 500 ? rpcCode.unavailable : rpcCode.upstreamFailed;
  return new BridgeFault(code, `${url.href} answers with HTTP ${status}. Is it an MCPNest gateway, and is it well?`);
}

/**
 * An aborted signal as what it means: time that ran out is a fault, anything else is that nobody wants an answer.
 * @throws BridgeFault, or the reason of the signal
 */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted && signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')
    throw new BridgeFault(rpcCode.upstreamTimeout, 'The gateway did not answer in time.');
  signal.throwIfAborted();
}

/** The gateway did not answer over HTTP at all, or stopped in the middle. */
export function networkFault(error: unknown, url: URL): BridgeFault {
  const code = codeOf(error);
  const [kind, words] = explain(code, url);
  return new BridgeFault(kind, code === '' ? words : `${words} (${code})`);
}

function explain(code: string, { host, hostname, origin }: URL): readonly [number, string] {
  const { unavailable, upstreamFailed, upstreamTimeout } = rpcCode;
  if (code === 'ECONNREFUSED')
    return [unavailable, `Nothing answers at ${host}. Is the gateway running, and is --url right?`];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return [unavailable, `The name ${hostname} is not known here. Is --url right, and is this machine online?`];
  if (['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code))
    return [unavailable, `${host} cannot be reached from this machine. Is a VPN or proxy (HTTPS_PROXY) needed?`];
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return [upstreamTimeout, 'The gateway has been silent for too long; whether the call was made is not known.'];
  if (/CERT|SIGNATURE|SELF_SIGNED/.test(code))
    return [
      unavailable,
      `The certificate of ${host} is not trusted. For a private authority set NODE_EXTRA_CA_CERTS to its file.`,
    ];
  if (/SSL|TLS|EPROTO/.test(code))
    return [unavailable, `No TLS connection with ${origin} comes about. Does it speak https, and is the port right?`];
  return [upstreamFailed, `The connection with ${host} broke; whether the call was made is not known.`];
}

/** The system's name of the failure: `fetch` wraps it, and where several addresses were tried it wraps several. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return '';
}
