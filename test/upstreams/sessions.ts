import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport, type EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  ElicitResultSchema,
  ListToolsRequestSchema,
  SetLevelRequestSchema,
  type JSONRPCMessage,
} from '@modelcontextprotocol/sdk/types.js';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './listen.ts';

export interface SessionServer extends AsyncDisposable {
  readonly url: string;
  /** HTTP method, JSON-RPC method and resumed event of every request, in order: `GET`, `POST tools/call`. */
  readonly seen: readonly string[];
  /** Every level a client has set. */
  readonly levels: readonly string[];
  /** Open sessions. */
  sessions(): number;
  /** Open standalone streams. */
  streams(): number;
  /** Forget every session, as a server does that was restarted. */
  forget(): void;
  /** Break every open standalone stream. */
  breakStreams(): void;
  /** Say on the standalone stream of every session that the tool list has changed. */
  announce(): Promise<void>;
}

/**
 * A Streamable HTTP server of the SDK (v1) with sessions, a standalone stream, resumption and tools that ask their
 * client (`ask`), break their own stream before the answer (`break`), or take a while (`wait`).
 */
export async function startSessionServer(): Promise<SessionServer> {
  const sessions = new Map<string, { server: Server; transport: StreamableHTTPServerTransport }>();
  const standalone = new Set<ServerResponse>();
  const seen: string[] = [];
  const levels: string[] = [];

  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const server = mcpServer(levels);
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: memoryEvents(),
      retryInterval: 200,
      onsessioninitialized: (id) => void sessions.set(id, { server, transport }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await server.connect(transport);
    return transport;
  };

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = req.method === 'POST' ? ((await json(req)) as { method?: string }) : undefined;
    const resumed = req.headers['last-event-id'] === undefined ? '' : ' resumed';
    seen.push(`${req.method ?? ''}${body === undefined ? '' : ` ${body.method ?? 'answer'}`}${resumed}`);
    const id = req.headers['mcp-session-id'];
    const session = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && session === undefined) return void res.writeHead(404).end();
    if (req.method === 'GET' && resumed === '') {
      standalone.add(res);
      res.once('close', () => standalone.delete(res));
    }
    await (session?.transport ?? (await open())).handleRequest(req, res, body);
  };
  const httpServer = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  const base = await listen(httpServer);
  return {
    url: `${base.origin}/mcp`,
    seen,
    levels,
    sessions: () => sessions.size,
    streams: () => standalone.size,
    forget() {
      sessions.clear();
      for (const res of standalone) res.destroy();
    },
    breakStreams() {
      for (const res of standalone) res.destroy();
    },
    async announce() {
      for (const { server } of sessions.values()) await server.sendToolListChanged();
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

const tool = (name: string): object => ({ name, inputSchema: { type: 'object' } });

function mcpServer(levels: string[]): Server {
  const server = new Server(
    { name: 'sessions', version: '1' },
    { capabilities: { tools: { listChanged: true }, logging: {} } },
  );
  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    levels.push(params.level);
    return {};
  });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: ['ask', 'break', 'wait'].map(tool) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, closeSSEStream, sendRequest }) => {
    const text = (said: string): object => ({ content: [{ type: 'text', text: said }] });
    if (params.name === 'break') {
      closeSSEStream?.();
      await sleep(50);
      return text('after the break');
    }
    if (params.name === 'wait') {
      await sleep(Number(params.arguments?.['ms'] ?? 0), undefined, { signal }).catch(() => undefined);
      return text('waited');
    }
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } } as const;
    const asked = { method: 'elicitation/create', params: { message: 'Your name?', requestedSchema } } as const;
    const { content } = await sendRequest(asked, ElicitResultSchema);
    return text(`hello ${String(content?.['name'])}`);
  });
  return server;
}

/** Events of one session, for resumption. */
function memoryEvents(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream;
    },
    async replayEventsAfter(last, { send }) {
      const from = events.findIndex((event) => event.id === last);
      const stream = events[from]?.stream ?? '';
      for (const event of events.slice(from + 1))
        if (event.stream === stream && 'jsonrpc' in event.message) await send(event.id, event.message);
      return stream;
    },
  };
}
