import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type EventStore,
  type JSONRPCMessage,
  type McpHttpHandler,
} from '@modelcontextprotocol/server';
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from '@modelcontextprotocol/node';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stateCodec } from './conformance/input-tools.ts';
import { getPrompt, prompts, readResource, resources, resourceTemplates } from './conformance/prompts-resources.ts';
import type { FixtureEvents } from './conformance/tool.ts';
import { tools } from './conformance/tools.ts';
import { listen } from './listen.ts';

/** A running upstream. */
export interface RunningUpstream extends AsyncDisposable {
  /** Its MCP endpoint. */
  readonly url: string;
}

/**
 * An upstream that speaks both generations and has every tool, resource and prompt the official conformance suite
 * asks for by name: sessions over Streamable HTTP for `initialize` … 2025-11-25, stateless requests for 2026-07-28.
 */
export async function startConformanceUpstream(port = 0): Promise<RunningUpstream> {
  const sessions = new Map<string, Session>();
  const events: FixtureEvents = {
    toolChanges: 0,
    promptChanges: 0,
    toolsChanged: () => {
      events.toolChanges++;
      modern.notify.toolsChanged();
    },
    promptsChanged() {
      events.promptChanges++;
      modern.notify.promptsChanged();
    },
  };
  const modern: McpHttpHandler = createMcpHandler(() => mcpServer(events), { legacy: 'reject' });
  const serveModern = toNodeHandler({
    fetch: async (request, options) => bothEras(await modern.fetch(request, options), options?.parsedBody),
  });
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (!hostAllowed(req, res) || !originAllowed(req, res)) return;
    const text = await readAll(req);
    const body: unknown = text === '' ? undefined : parsed(text);
    if (!(await isLegacyRequest(await toWebRequest(req as NodeRequest, body ?? {}), body)))
      return serveModern(req as NodeRequest, res, body);
    const session = sessions.get(String(req.headers['mcp-session-id']));
    if (session !== undefined) return session.transport.handleRequest(req, res, body);
    if (req.headers['mcp-session-id'] !== undefined) return refuse(res, 404, 'Session not found');
    if (!isInitializeRequest(body)) return refuse(res, 400, 'There is no session');
    const opened = await openSession(sessions, events);
    return opened.transport.handleRequest(req, res, body);
  };
  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  const base = await listen(server, port);
  return {
    url: `${base.origin}/mcp`,
    async [Symbol.asyncDispose]() {
      for (const { transport } of sessions.values()) await transport.close();
      await modern.close();
      await base[Symbol.asyncDispose]();
    },
  };
}

/** The SDK's duck type does not admit `undefined`, which node's own has. */
type NodeRequest = Parameters<ReturnType<typeof toNodeHandler>>[0];

interface Session {
  readonly transport: NodeStreamableHTTPServerTransport;
}

async function openSession(sessions: Map<string, Session>, events: FixtureEvents): Promise<Session> {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: memoryEvents(),
    retryInterval: 50,
    onsessioninitialized: (id) => void sessions.set(id, { transport }),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await mcpServer(events).connect(transport);
  return { transport };
}

/** The SDK names only the modern revision in `server/discover`; this upstream serves `initialize` as well and says so. */
async function bothEras(response: Response, asked: unknown): Promise<Response> {
  if ((asked as { method?: unknown } | undefined)?.method !== 'server/discover' || response.status !== 200)
    return response;
  const answer = (await response.json()) as { result: { supportedVersions: string[] } };
  answer.result.supportedVersions.push('2025-11-25', '2025-06-18', '2025-03-26');
  return Response.json(answer);
}

const cacheHint = { ttlMs: 1_000, cacheScope: 'public' } as const;

function mcpServer(events: FixtureEvents): Server {
  const server = new Server(
    { name: 'conformance-upstream', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: stateCodec.verify },
      cacheHints: {
        'tools/list': cacheHint,
        'resources/list': cacheHint,
        'resources/templates/list': cacheHint,
        'resources/read': cacheHint,
        'prompts/list': cacheHint,
      },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.entries(tools).map(([name, { description, inputSchema }]) => ({
      name,
      // What is announced as a change is one: a gateway may compare.
      description: name === 'test_trigger_tool_change' ? `${description} (${events.toolChanges})` : description,
      inputSchema,
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = Object.hasOwn(tools, params.name) ? tools[params.name] : undefined;
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return tool.run(params.arguments ?? {}, context, events);
  });
  server.setRequestHandler('resources/list', () => ({ resources }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates }));
  server.setRequestHandler('resources/read', ({ params }) => readResource(params.uri));
  server.setRequestHandler('resources/subscribe', () => ({}));
  server.setRequestHandler('resources/unsubscribe', () => ({}));
  server.setRequestHandler('prompts/list', () => ({
    prompts: prompts.map((prompt) => ({ ...prompt, _meta: { changes: events.promptChanges } })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) =>
    getPrompt(params.name, params.arguments ?? {}, context),
  );
  server.setRequestHandler('completion/complete', ({ params }) => ({
    completion: {
      values: ['paris', 'park', 'party'].filter((word) => word.startsWith(params.argument.value)),
      hasMore: false,
    },
  }));
  return server;
}

/** Keeps the events of a session, so that a stream can be resumed. */
function memoryEvents(): EventStore {
  const kept: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    storeEvent(stream, message) {
      const id = `${stream}_${kept.length}`;
      kept.push({ id, stream, message });
      return Promise.resolve(id);
    },
    getStreamIdForEventId: (id) => Promise.resolve(kept.find((event) => event.id === id)?.stream),
    async replayEventsAfter(lastId, { send }) {
      const from = kept.findIndex((event) => event.id === lastId);
      const stream = kept[from]?.stream ?? '';
      for (const event of kept.slice(from + 1)) if (event.stream === stream) await send(event.id, event.message);
      return stream;
    },
  };
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32600, message } }));
}

if (import.meta.main) {
  const upstream = await startConformanceUpstream(Number(process.env['PORT'] ?? 0));
  process.stdout.write(`${upstream.url}\n`);
}
