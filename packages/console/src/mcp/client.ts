import { paramHeaders, encodeHeader } from './headers.ts';
import { readAnswer } from './read-answer.ts';
import type { Json, JsonObject } from './json.ts';

const version = '2026-07-28';
const meta = 'io.modelcontextprotocol';

/** An answer to a request over MCP, with what it took. */
export interface McpAnswer {
  /** What the method gives; undefined where it failed. */
  readonly result: JsonObject | undefined;
  readonly error: { readonly code: number; readonly message: string; readonly data: Json | undefined } | undefined;
  /** Milliseconds from the request to the end of the answer, as this page saw them. */
  readonly tookMs: number;
  /** Of the request, by which its record can be found (W3C Trace Context). */
  readonly traceId: string;
}

export interface McpRequest {
  /** Slug of the workspace. */
  readonly workspace: string;
  /** Only this server's own endpoint; default: the whole workspace. */
  readonly server?: string;
  /** A gateway token. */
  readonly token: string;
  readonly method: 'tools/call' | 'tools/list';
  readonly params: JsonObject;
  /** The tool's schema, for arguments that it wants repeated in headers. */
  readonly schema?: Json;
  readonly signal?: AbortSignal;
}

/**
 * One request of revision 2026-07-28 to the gateway: stateless, every request describes itself. Aborting it closes the
 * stream of the answer, which is how such a call is cancelled.
 * @throws McpFailure for an answer that is none; TypeError when the gateway cannot be reached
 */
export async function callMcp({
  workspace,
  server,
  token,
  method,
  params,
  schema,
  signal,
}: McpRequest): Promise<McpAnswer> {
  const traceId = randomHex(16);
  const path = `/api/gw/${encodeURIComponent(workspace)}${server === undefined ? '' : `/${encodeURIComponent(server)}`}`;
  const { name } = params;
  const started = performance.now();
  const response = await fetch(`${path}?tools=all`, {
    method: 'POST',
    // The token says who asks; the session's cookie has no part in it.
    credentials: 'omit',
    cache: 'no-store',
    ...(signal === undefined ? {} : { signal }),
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      'mcp-protocol-version': version,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': encodeHeader(name) } : {}),
      ...(schema === undefined ? {} : paramHeaders(schema, params['arguments'])),
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method },
      params: {
        ...params,
        _meta: {
          [`${meta}/protocolVersion`]: version,
          [`${meta}/clientCapabilities`]: {},
          [`${meta}/clientInfo`]: { name: 'MCPNest console', version: '1' },
          traceparent: `00-${traceId}-${randomHex(8)}-01`,
        },
      },
    }),
  });
  const message = await readAnswer(response);
  return { ...message, tookMs: performance.now() - started, traceId };
}

const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
