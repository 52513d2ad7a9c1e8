import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport, type EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  type JSONRPCMessage,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { listen } from './listen.ts';

export interface LegacyUpstream extends AsyncDisposable {
  readonly url: string;
  /** Sessions opened so far, with what was declared in each, oldest first. */
  readonly sessions: readonly LegacySessionSeen[];
  /** HTTP requests as `METHOD` or `POST method`, in order. */
  readonly seen: readonly string[];
  /** Forget every session, as a server does that was restarted. */
  expireSessions(): void;
  /** End the standalone streams that are open, as a network does. */
  cutStreams(): void;
}

export interface LegacySessionSeen {
  readonly server: McpServer;
  /** URIs subscribed to. */
  readonly subscribed: Set<string>;
  /** It was given back with DELETE, or its stream was closed. */
  ended: boolean;
}

export interface LegacyOptions {
  /** `sse`: the deprecated HTTP+SSE transport, GET and POST at the paths `/mcp` and `/messages`. */
  readonly transport?: 'streamable' | 'sse';
  /** Give events ids and store them, so that streams can be taken up again. */
  readonly resumable?: boolean;
}

/** A legacy upstream made with the SDK of that time: sessions, requests of its own, subscriptions, events with ids. */
export async function startLegacyUpstream(options: LegacyOptions = {}): Promise<LegacyUpstream> {
  const sessions: LegacySessionSeen[] = [];
  const seen: string[] = [];
  const transports = new Map<string, StreamableHTTPServerTransport | SSEServerTransport>();
  const streams = new Set<ServerResponse>();

  const streamable = async (req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> => {
    const known = transports.get(String(req.headers['mcp-session-id']));
    if (known instanceof StreamableHTTPServerTransport) return known.handleRequest(req, res, body);
    if (req.headers['mcp-session-id'] !== undefined) return void res.writeHead(404).end();
    if ((body as { method?: string } | undefined)?.method !== 'initialize') return void res.writeHead(400).end();
    const session = openSession(sessions);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => {
        session.ended = true;
        transports.delete(id);
      },
      ...(options.resumable === true && { eventStore: createEventStore(), retryInterval: 50 }),
    });
    await session.server.connect(transport);
    await transport.handleRequest(req, res, body);
  };
  const deprecated = async (req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://upstream');
    if (req.method === 'GET' && pathname === '/mcp') {
      const session = openSession(sessions);
      const transport = new SSEServerTransport('/messages', res);
      transports.set(transport.sessionId, transport);
      res.on('close', () => {
        session.ended = true;
        transports.delete(transport.sessionId);
      });
      return session.server.connect(transport);
    }
    const known = transports.get(searchParams.get('sessionId') ?? '');
    if (req.method !== 'POST' || pathname !== '/messages') return void res.writeHead(404).end();
    if (known instanceof SSEServerTransport) return known.handlePostMessage(req, res, body);
    res.writeHead(404).end();
  };

  const http = createServer((req, res) => {
    void receive(req).then(async (body) => {
      const method = (body as { method?: string } | undefined)?.method;
      seen.push(req.method === 'POST' ? `POST ${method ?? 'answer'}` : `${req.method}`);
      if (req.method === 'GET') streams.add(res);
      await (options.transport === 'sse' ? deprecated : streamable)(req, res, body);
    });
  });
  http.keepAliveTimeout = 60_000;
  const base = await listen(http);
  return {
    url: `${base.origin}/mcp`,
    sessions,
    seen,
    expireSessions: () => transports.clear(),
    cutStreams: () => {
      for (const res of streams) res.destroy();
      streams.clear();
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

function openSession(sessions: LegacySessionSeen[]): LegacySessionSeen {
  const server = new McpServer(
    { name: 'legacy', version: '1' },
    { capabilities: { logging: {}, resources: { subscribe: true, listChanged: true }, tools: { listChanged: true } } },
  );
  const session: LegacySessionSeen = { server, subscribed: new Set(), ended: false };
  sessions.push(session);
  const form = (message: string) => ({
    message,
    requestedSchema: { type: 'object' as const, properties: { answer: { type: 'string' as const } } },
  });
  const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });
  const said = { inputSchema: { message: z.string() } };

  server.registerTool('echo', said, ({ message }) => text(message));
  server.registerTool('declared', {}, () => text(server.server.getClientCapabilities()));
  server.registerTool('ask', said, async ({ message }, { requestId }) =>
    text(await server.server.elicitInput(form(message), { relatedRequestId: requestId })),
  );
  server.registerTool('ask-apart-late', said, async ({ message }) => {
    await sleep(500);
    return text(await server.server.elicitInput(form(message)));
  });
  server.registerTool('ask-apart', said, async ({ message }) => text(await server.server.elicitInput(form(message))));
  server.registerTool('ask-and-withdraw', said, async ({ message }, { requestId }) => {
    const signal = AbortSignal.timeout(200);
    const asked = server.server.elicitInput(form(message), { relatedRequestId: requestId, signal });
    return text(await asked.catch(() => 'withdrawn'));
  });
  server.registerTool('sample', said, async ({ message }, { requestId }) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: message } }];
    const asked = server.server.createMessage({ messages, maxTokens: 5 }, { relatedRequestId: requestId });
    return text(await asked.catch((error: unknown) => ({ code: (error as { code?: number }).code })));
  });
  server.registerTool('work', { inputSchema: { steps: z.number(), everyMs: z.number() } }, async (work, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= work.steps; progress++) {
      await sleep(work.everyMs);
      if (progressToken === undefined) continue;
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
    }
    return text('worked');
  });
  server.registerTool('leave', { inputSchema: { ms: z.number() } }, async ({ ms }, { closeSSEStream }) => {
    closeSSEStream?.();
    await sleep(ms);
    return text('came back');
  });
  server.registerResource('note', 'note://1', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'a note' }] }));
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    session.subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    session.subscribed.delete(params.uri);
    return {};
  });
  return session;
}

/** Events of one transport in memory, in order. */
function createEventStore(): EventStore {
  const events: { id: string; streamId: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent(streamId, message) {
      const id = `event-${events.length}`;
      events.push({ id, streamId, message });
      return Promise.resolve(id);
    },
    getStreamIdForEventId: (id) => Promise.resolve(events.find((event) => event.id === id)?.streamId),
    async replayEventsAfter(lastEventId, { send }) {
      const at = events.findIndex(({ id }) => id === lastEventId);
      if (at < 0) return '';
      const { streamId } = events[at]!;
      for (const event of events.slice(at + 1)) {
        // A priming event holds no message.
        if (event.streamId === streamId && 'jsonrpc' in event.message) await send(event.id, event.message);
      }
      return streamId;
    },
  };
}

async function receive(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
