import { openEvents, type OpenEvents } from './events.ts';
import type { Product } from './harness.ts';
import { send, type Sent } from './http.ts';

/** A legacy client's session, spoken to in raw HTTP. */
export interface RawSession {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What `initialize` was answered. */
  readonly opened: Sent;
  /** GET: the standalone stream, or any stream from an event on. */
  get(headers?: Readonly<Record<string, string>>): Promise<OpenEvents>;
  /** POST a message and read the answer as it comes. */
  post(message: object): Promise<OpenEvents>;
  /** A `tools/call` that wants progress. */
  call(id: string | number, tool: string, args?: object): Promise<OpenEvents>;
  end(): Promise<Sent>;
}

export interface SessionOptions {
  readonly version?: string;
  readonly capabilities?: object;
  readonly token?: string;
  readonly server?: string;
  /** `?tools=` of the URL. */
  readonly tools?: string;
}

/** Open a session with `initialize`. */
export async function openSession(product: Product, options: SessionOptions = {}): Promise<RawSession> {
  const { version = '2025-11-25', capabilities = {}, token = product.workspaceToken, server, tools } = options;
  const at = { token, ...(server === undefined ? {} : { server }), ...(tools === undefined ? {} : { tools }) };
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'raw', version: '1' } };
  const opened = await product.rpc({ jsonrpc: '2.0', id: 0, method: 'initialize', params }, at);
  const id = String(opened.headers['mcp-session-id']);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': id,
    'mcp-protocol-version': version,
  };
  const url = product.gateway(server) + (tools === undefined ? '' : `?tools=${tools}`);
  const post = (body: object): Promise<OpenEvents> => openEvents(url, { method: 'POST', headers, body });
  return {
    id,
    headers,
    opened,
    get: (more = {}) => openEvents(url, { headers: { ...headers, accept: 'text/event-stream', ...more } }),
    post,
    call: (requestId, name, args = {}) =>
      post({
        jsonrpc: '2.0',
        id: requestId,
        method: 'tools/call',
        params: { name, arguments: args, _meta: { progressToken: `progress-${requestId}` } },
      }),
    end: () => send(url, { method: 'DELETE', headers }),
  };
}
