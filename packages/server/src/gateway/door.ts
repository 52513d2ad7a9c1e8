import type { IncomingMessage } from 'node:http';
import { AppError, forbidden } from '../domain/errors.ts';
import type { RpcError } from './rpc-error.ts';
import { rpcStatus } from './rpc-error.ts';

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
export function checkHostAndOrigin(req: IncomingMessage, settings: DoorSettings): void {
  const host = hostName(req.headers.host);
  if (host === undefined || !settings.allowedHosts.has(host)) {
    throw forbidden('This host name is not served here; the operator adds names with MCPNEST_ALLOWED_HOSTS.');
  }
  const { origin } = req.headers;
  if (origin === undefined) return;
  if (settings.allowedOrigins.has(origin)) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !settings.allowedHosts.has(bare(url.hostname))) {
    throw forbidden('This origin is not allowed; the operator adds origins with MCPNEST_ALLOWED_ORIGINS.');
  }
}

function hostName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(header);
  return match === null ? undefined : bare(match[1]!);
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** Headers that decide something; two of one kind would let two readers of the request see two requests. */
const decisive = [
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
];

/**
 * Refuse a decisive header that came twice.
 * @throws RpcError with HTTP 400
 */
export function checkRepeatedHeaders(req: IncomingMessage): void {
  // As many distinct names as lines: nothing was repeated, and nothing more need be looked at.
  if (Object.keys(req.headers).length * 2 === req.rawHeaders.length) return;
  const seen = new Set<string>();
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i]!.toLowerCase();
    if (seen.has(name) && (decisive.includes(name) || name.startsWith('mcp-param-'))) {
      throw rpcStatus(400, `The header ${name} came twice.`);
    }
    seen.add(name);
  }
}

/**
 * The body may be anything that parses as JSON-RPC: a forgotten `Content-Type` (curl then sends the form type) is
 * forgiven, because a browser cannot add the bearer token to a simple request. Other types are refused.
 * @throws RpcError with HTTP 415
 */
export function checkContentType(req: IncomingMessage): void {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === undefined || type === 'application/json' || type === 'application/x-www-form-urlencoded') {
    if (req.headers['content-encoding'] === undefined) return;
    throw rpcStatus(415, 'Content-Encoding is not supported on requests.');
  }
  throw rpcStatus(415, 'Content-Type must be application/json.');
}

/**
 * Read the whole body, bounded.
 * @throws RpcError with HTTP 413; AppError `unavailable` when the client goes away
 */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) {
        req.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    req.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)));
    req.on('close', () => {
      if (!req.complete) reject(new AppError('unavailable', 'The request was not received.'));
    });
  });
}

const tooLarge = (): RpcError => rpcStatus(413, `The request is larger than ${maxBodyBytes} bytes.`);
