/** Revisions of the Model Context Protocol that open with `initialize`, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** Revisions whose every request describes itself, newest first. */
export const modernVersions = ['2026-07-28'] as const;

/** The first revision of the modern kind; later dates are modern too, whether or not we serve them. */
const firstModern = '2026-07-28';

/** Everything served, for `data.supported` of an unsupported-version error. */
export const supportedVersions: readonly string[] = [...modernVersions, ...legacyVersions];

export const newestLegacy = legacyVersions[0];
export const newestModern = modernVersions[0];

export const isLegacyVersion = (version: string): boolean => (legacyVersions as readonly string[]).includes(version);
export const isModernVersion = (version: string): boolean => (modernVersions as readonly string[]).includes(version);

/** A revision date at or after the first modern one. */
export const claimsModern = (version: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= firstModern;

/** Reserved keys of `_meta` (2026-07-28, basic/index "_meta"). */
export const metaKey = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  /** On everything a listen stream says: the id of the request that opened it. */
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  progressToken: 'progressToken',
  /** Ours: set to true in a list request, the answer's `_meta` carries the health of each server under the same key. */
  health: 'mcpnest.dev/health',
  /** Ours: set to true in a request for tools, the answer's `_meta` carries what the list of all of them weighs. */
  weight: 'mcpnest.dev/weight',
  /** Ours: slugs of servers whose tools are missing from a list because they have never answered. */
  unavailable: 'mcpnest.dev/unavailable',
  /** Ours: the client's own name of a request, so that sending it again is known as a repeat. */
  requestId: 'mcpnest.dev/request-id',
  /** Ours: marks the answer of a repeat with the call that got it first, and when. */
  repeat: 'mcpnest.dev/repeat',
} as const;

/** Error codes of JSON-RPC 2.0, of the protocol (2026-07-28, basic/index "Error Codes") and our own. */
export const rpcCode = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
  /** Of 2025-11-25 alone: the user must open a link first. */
  urlElicitationRequired: -32042,
  /** What a legacy server says of a resource that is not there; a modern one says `invalidParams`. */
  resourceNotFound: -32002,
  /** A tool, prompt or resource of a server the caller may see, but not this. */
  notAllowed: -32003,
  // Errors the gateway makes about a call carry the status kept in its row.
  conflict: 409,
  approvalRequired: 428,
  rateLimited: 429,
  internal: 500,
  upstreamFailed: 502,
  unavailable: 503,
  upstreamTimeout: 504,
} as const;

/** Log levels (RFC 5424 by way of the protocol), least severe first. */
export const logLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof logLevels)[number];

export const isLogLevel = (level: string | undefined): level is LogLevel =>
  (logLevels as readonly (string | undefined)[]).includes(level);

/** What this program calls itself on either side. */
export const implementation = { name: 'mcpnest', version: '0.1.0' } as const;
