import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './listen.ts';

/** One HTTP request as the upstream saw it: the books against which the gateway's rows are checked. */
export interface SeenRequest {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Header names and values as they came over the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** JSON-RPC method; empty where the body is none. */
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export interface EchoTool {
  readonly name: string;
  readonly [member: string]: unknown;
}

export interface EchoOptions {
  /** Names, or whole definitions. Default: `echo`. */
  readonly tools?: readonly (string | EchoTool)[];
  readonly mode?: 'json' | 'sse';
  readonly era?: 'legacy' | 'modern' | 'both';
  /** Legacy: hand out a session and insist on it. */
  readonly sessions?: boolean;
  /** Tools per page of `tools/list`. */
  readonly pageSize?: number;
  /** Raw JSON text of the result of `tools/list` for a cursor, in place of `tools`. */
  readonly list?: (cursor: unknown) => string;
  /** Milliseconds until a call is answered. */
  readonly delayMs?: number;
  /** Raw JSON text of the result of a call; default: the request's own text inside `structuredContent`. */
  readonly result?: (call: SeenRequest) => string;
  /** Raw JSON text of the result, or an error, of any other method; those not named here are unknown to it. */
  readonly answers?: Readonly<Record<string, (request: SeenRequest) => string | RpcFault>>;
  /** Newest legacy revision it agrees to. */
  readonly version?: string;
  /** What it declares in its handshake besides tools. */
  readonly capabilities?: Readonly<Record<string, object>>;
  /** What it tells clients to do, in its handshake. */
  readonly instructions?: string;
  /** Takes a request over where it returns true; `id` is the raw JSON text of the request's id. */
  readonly intercept?: (request: SeenRequest, id: string, res: ServerResponse) => boolean;
}

export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export interface EchoUpstream extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** The `tools/call` requests among them. */
  calls(): readonly SeenRequest[];
  /** Forget every session, as a server does that was restarted. */
  expireSessions(): void;
  /** Change what it offers or how it answers while it runs. */
  set(options: EchoOptions): void;
}

/** A fast upstream on raw `node:http` that answers with what it was asked and remembers every request. */
export async function startEchoUpstream(initial: EchoOptions = {}): Promise<EchoUpstream> {
  let options = initial;
  const seen: SeenRequest[] = [];
  const sessions = new Set<string>();
  const server = createServer((req, res) => {
    void receive(req).then(async (request) => {
      seen.push(request);
      await answer(request, res, options, sessions);
    });
  });
  server.keepAliveTimeout = 60_000;
  const base = await listen(server);
  return {
    url: `${base.origin}/mcp`,
    port: base.port,
    seen,
    calls: () => seen.filter((request) => request.method === 'tools/call'),
    expireSessions: () => sessions.clear(),
    set(changed) {
      options = { ...options, ...changed };
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

async function receive(req: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const message = parsed(body);
  return {
    httpMethod: req.method ?? '',
    path: req.url ?? '',
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    body,
    method: typeof message['method'] === 'string' ? message['method'] : '',
    params: (message['params'] ?? {}) as Record<string, unknown>,
  };
}

function parsed(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const modernVersion = '2026-07-28';

async function answer(
  request: SeenRequest,
  res: ServerResponse,
  options: EchoOptions,
  sessions: Set<string>,
): Promise<void> {
  const { era = 'legacy', version = '2025-11-25' } = options;
  const modern = request.headers['mcp-protocol-version'] === modernVersion;
  const message = parsed(request.body);
  const id = JSON.stringify(message['id'] ?? null);
  const session = request.headers['mcp-session-id'];
  if (options.intercept?.(request, id, res) === true) return;
  if (request.httpMethod === 'DELETE') return finish(res, sessions.delete(String(session)) ? 204 : 404);
  if (request.httpMethod !== 'POST') return finish(res, 405);
  if (modern && era === 'legacy') return fail(res, 400, id, -32600, 'Unsupported protocol version');
  if (!modern && era === 'modern')
    return fail(res, 400, id, -32022, 'Unsupported protocol version', { supported: [modernVersion] });
  if (!modern && options.sessions === true && request.method !== 'initialize') {
    if (session === undefined) return fail(res, 400, id, -32600, 'Session required');
    if (!sessions.has(String(session))) return fail(res, 404, id, -32001, 'Session not found');
  }
  if (message['id'] === undefined) return finish(res, 202);
  if (request.method === 'initialize') {
    if (options.sessions === true) {
      const fresh = randomUUID();
      sessions.add(fresh);
      res.setHeader('mcp-session-id', fresh);
    }
    const result = {
      protocolVersion: version,
      capabilities: { tools: {}, ...options.capabilities },
      serverInfo: { name: 'echo', version: '1' },
      instructions: options.instructions,
    };
    return send(res, options, `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);
  }
  if (request.method === 'tools/call' && options.delayMs !== undefined) await sleep(options.delayMs);
  const result = resultOf(request, options, modern);
  if (result === undefined) return fail(res, modern ? 404 : 200, id, -32601, 'Method not found');
  if (typeof result !== 'string') return fail(res, 200, id, result.code, result.message, result.data);
  send(res, options, `{"jsonrpc":"2.0","id":${id},"result":${result}}`);
}

function resultOf(request: SeenRequest, options: EchoOptions, modern: boolean): string | RpcFault | undefined {
  const complete = modern ? '"resultType":"complete",' : '';
  if (request.method === 'server/discover') {
    const supportedVersions = options.era === 'both' ? [modernVersion, '2025-11-25'] : [modernVersion];
    return JSON.stringify({
      resultType: 'complete',
      supportedVersions,
      capabilities: { tools: {}, ...options.capabilities },
      instructions: options.instructions,
      ttlMs: 0,
      cacheScope: 'private',
    });
  }
  if (request.method === 'tools/list')
    return options.list?.(request.params['cursor']) ?? listPage(request, options, modern);
  if (request.method !== 'tools/call') return options.answers?.[request.method]?.(request);
  if (options.result !== undefined) return options.result(request);
  const said = JSON.stringify(`called ${String(request.params['name'])}`);
  return `{${complete}"content":[{"type":"text","text":${said}}],"structuredContent":{"request":${request.body}}}`;
}

function listPage(request: SeenRequest, options: EchoOptions, modern: boolean): string {
  const all = (options.tools ?? ['echo']).map((tool) =>
    typeof tool === 'string' ? { name: tool, description: `The tool ${tool}`, inputSchema: { type: 'object' } } : tool,
  );
  const from = Number(request.params['cursor'] ?? 0);
  const to = from + (options.pageSize ?? all.length);
  return JSON.stringify({
    tools: all.slice(from, to),
    ...(to < all.length ? { nextCursor: String(to) } : {}),
    ...(modern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}),
  });
}

function send(res: ServerResponse, options: EchoOptions, message: string): void {
  if (options.mode === 'sse') {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.end(`event: message\ndata: ${message}\n\n`);
  } else {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(message);
  }
}

function fail(res: ServerResponse, status: number, id: string, code: number, message: string, data?: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message, data })}}`);
}

function finish(res: ServerResponse, status: number): void {
  res.writeHead(status);
  res.end();
}
