import { ascii, bytes, byteString, type ByteString } from './byte-string.ts';

/** Revisions of the Model Context Protocol that open with `initialize`, newest first. */
export const legacyVersions: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
export const newestLegacy = '2025-11-25';
/** The revision whose every request describes itself. */
export const modernVersion = '2026-07-28';
export const supportedVersions: readonly string[] = [modernVersion, ...legacyVersions];

/** A revision date from the first modern one on, whether or not it is served. */
export const claimsModern = (version: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= modernVersion;

/** Reserved keys of `_meta` (2026-07-28, basic/index "_meta"). */
export const metaKey = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
} as const;

/** JSON-RPC's codes, the protocol's, and the bridge's own, which are like the HTTP statuses they stand for. */
export const rpcCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
  serverFailed: 502,
  unavailable: 503,
  timedOut: 504,
} as const;

export const implementation = { name: 'mcpnest-bridge', version: '0.1.0' } as const;

/** An error object of JSON-RPC 2.0. */
export interface RpcFault {
  readonly code: number;
  /** Safe to show: made here and never from what the child or the client has sent, method names aside. */
  readonly message: string;
  readonly data?: unknown;
}

/** A whole error response. @param id source text of the request's id; `null` where there is none */
export const errorText = (fault: RpcFault, id: ByteString = ascii('null')): ByteString =>
  bytes`{"jsonrpc":"2.0","id":${id},"error":${json(fault)}}`;

/** A whole result response. */
export const resultText = (id: ByteString, result: ByteString): ByteString =>
  bytes`{"jsonrpc":"2.0","id":${id},"result":${result}}`;

export const json = (value: unknown): ByteString => byteString(JSON.stringify(value));
