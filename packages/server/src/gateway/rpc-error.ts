import type { ErrorCode } from '@mcpnest/contract/error-codes';
import { AppError } from '../domain/errors.ts';
import type { CallKind } from '../domain/policy.ts';
import { rpcCode, supportedVersions } from '../domain/protocol.ts';

/**
 * An error as it goes over the wire to an MCP client. The HTTP status speaks of the gateway and the credential, the
 * JSON-RPC error of the call; so errors about a call travel with status 200, except where the protocol names one.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly httpStatus: number;
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(httpStatus: number, code: number, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.httpStatus = httpStatus;
    this.code = code;
    this.data = data;
  }
}

export const parseError = (message: string): RpcError => new RpcError(400, rpcCode.parseError, message);
export const invalidRequest = (message: string): RpcError => new RpcError(400, rpcCode.invalidRequest, message);
export const headerMismatch = (message: string): RpcError => new RpcError(400, rpcCode.headerMismatch, message);
/** The request's `_meta` lacks what a modern request must carry. */
export const invalidMeta = (message: string): RpcError => new RpcError(400, rpcCode.invalidParams, message);
export const invalidParams = (message: string, data?: Readonly<Record<string, unknown>>): RpcError =>
  new RpcError(200, rpcCode.invalidParams, message, data);

export const unsupportedVersion = (requested: string): RpcError =>
  new RpcError(400, rpcCode.unsupportedVersion, 'Unsupported protocol version', {
    supported: supportedVersions,
    requested: requested.slice(0, 64),
  });

export const methodNotFound = (method: string, modern: boolean): RpcError =>
  new RpcError(modern ? 404 : 200, rpcCode.methodNotFound, `Method not found: ${method.slice(0, 64)}`);

/**
 * The same words for a tool that is not there and one the caller must not know of.
 * @param unavailable servers the caller may see whose tools are unknown at the moment
 */
export const unknownTool = (name: string, unavailable: readonly string[]): RpcError =>
  invalidParams(`Unknown tool: ${name.slice(0, 128)}`, unavailable.length > 0 ? { unavailable } : undefined);

export const unknownPrompt = (name: string, unavailable: readonly string[]): RpcError =>
  invalidParams(`Unknown prompt: ${name.slice(0, 128)}`, unavailable.length > 0 ? { unavailable } : undefined);

/** The code is the one that the caller's generation knows (resources.mdx "Error Handling"). */
export const unknownResource = (uri: string, modern: boolean, unavailable: readonly string[]): RpcError =>
  new RpcError(200, modern ? rpcCode.invalidParams : rpcCode.resourceNotFound, 'Resource not found', {
    uri: uri.slice(0, 2_048),
    ...(unavailable.length > 0 ? { unavailable } : {}),
  });

const kindNames: Readonly<Record<CallKind, string>> = {
  tool: 'Tool',
  prompt: 'Prompt',
  resource: 'Resource',
  method: 'Method',
};

export const notAllowed = (kind: CallKind, reason: string): RpcError =>
  new RpcError(200, rpcCode.notAllowed, `${kindNames[kind]} not allowed for this user`, { reason });

/** HTTP status and JSON-RPC code of each error code when it reaches a gateway client. */
const wire: Record<ErrorCode, { http: number; code: number }> = {
  unauthenticated: { http: 401, code: 401 },
  forbidden: { http: 403, code: 403 },
  reauthentication_required: { http: 403, code: 403 },
  not_found: { http: 404, code: 404 },
  already_exists: { http: 200, code: rpcCode.conflict },
  conflict: { http: 200, code: rpcCode.conflict },
  invalid_input: { http: 200, code: rpcCode.invalidParams },
  denied_by_policy: { http: 200, code: rpcCode.notAllowed },
  approval_required: { http: 200, code: rpcCode.approvalRequired },
  rate_limited: { http: 200, code: rpcCode.rateLimited },
  upstream_failed: { http: 200, code: rpcCode.upstreamFailed },
  upstream_busy: { http: 200, code: rpcCode.unavailable },
  upstream_timeout: { http: 200, code: rpcCode.upstreamTimeout },
  unavailable: { http: 503, code: rpcCode.unavailable },
  internal: { http: 503, code: rpcCode.internal },
};

/** Turn anything thrown into what the client may see; unknown throwables say nothing but a request id. */
export function toRpcError(error: unknown, requestId: string): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof AppError) {
    const { http, code } = wire[error.code];
    const { retryAfterMs, limit } = error;
    const data = retryAfterMs === undefined ? undefined : { retryAfterMs, ...(limit === undefined ? {} : { limit }) };
    return new RpcError(http, code, error.message, data);
  }
  return new RpcError(wire.internal.http, wire.internal.code, 'Internal error', { requestId });
}

/** An error whose JSON-RPC code is the HTTP status: it concerns the HTTP request, not any call. */
export const rpcStatus = (status: number, message: string): RpcError => new RpcError(status, status, message);
