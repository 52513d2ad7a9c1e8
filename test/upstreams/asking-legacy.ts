import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SetLevelRequestSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

export interface AskingUpstream extends AsyncDisposable {
  readonly url: string;
  /** Sessions open right now. */
  readonly sessions: ReadonlyMap<string, unknown>;
  /** Tools started and ended so far. */
  readonly started: readonly string[];
  readonly ended: readonly string[];
  /** Levels that clients asked for. */
  readonly levels: readonly string[];
}

/**
 * A real server of the older kind (SDK v1, 2025-11-25, with sessions) whose tools ask the client something before they
 * answer: for a name, twice, the model, the roots, and once on the session's own stream instead of the request's.
 */
export async function startAskingLegacyUpstream(): Promise<AskingUpstream> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const started: string[] = [];
  const ended: string[] = [];
  const levels: string[] = [];
  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await askingServer(started, ended, levels).connect(transport);
    return transport;
  };
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const id = req.headers['mcp-session-id'];
    const known = id === undefined ? await open() : sessions.get(String(id));
    if (known === undefined) res.writeHead(404).end();
    else await known.handleRequest(req, res);
  };
  const base = await listen(createServer((req, res) => void handle(req, res).catch(() => res.destroy())));
  return {
    url: `${base.origin}/mcp`,
    sessions,
    started,
    ended,
    levels,
    async [Symbol.asyncDispose]() {
      for (const transport of sessions.values()) await transport.close();
      await base[Symbol.asyncDispose]();
    },
  };
}

/** A page with characters that must not be touched. */
export const page = 'https://login.example/start?a=1&b=%20%2F#x';

const nameForm = {
  type: 'object' as const,
  properties: { name: { type: 'string' as const, description: 'What to call you' } },
  required: ['name'],
};

function askingServer(started: string[], ended: string[], levels: string[]): McpServer {
  const server = new McpServer({ name: 'asks', version: '1' }, { capabilities: { logging: {} } });
  server.server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    levels.push(params.level);
    return {};
  });
  const say = (text: string): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text }] });
  type Extra = Parameters<Parameters<typeof server.registerTool<never, undefined>>[2]>[0];
  const tool = (name: string, run: (extra: Extra) => Promise<string>): void => {
    server.registerTool(name, { description: name }, async (extra: Extra) => {
      started.push(name);
      try {
        return say(await run(extra));
      } finally {
        ended.push(name);
      }
    });
  };
  const elicit = (extra: Extra, message: string): Promise<string> =>
    extra
      .sendRequest(
        { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: nameForm } },
        ElicitResultSchema,
        { signal: extra.signal },
      )
      .then(({ action, content }) => (action === 'accept' ? String(content?.['name']) : action));

  tool('ask_name', async (extra) => `Hello, ${await elicit(extra, 'Your name?')}!`);
  tool('ask_twice', async (extra) => `${await elicit(extra, 'First?')} and ${await elicit(extra, 'Second?')}`);
  tool('ask_both', async (extra) =>
    (await Promise.all([elicit(extra, 'Left?'), elicit(extra, 'Right?')])).join(' and '),
  );
  tool('ask_model', async (extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Capital of France?' } }];
    const params = { messages, maxTokens: 100 };
    const answer = await extra.sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return JSON.stringify(answer.content);
  });
  tool('ask_roots', async (extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return roots.map(({ uri }) => uri).join(' ');
  });
  tool('ask_aside', async () => {
    const { content } = await server.server.elicitInput({ message: 'Aside?', requestedSchema: nameForm });
    return `Aside, ${String(content?.['name'])}`;
  });
  tool('ask_page', async (extra) => {
    const params = { mode: 'url' as const, message: 'Sign in', url: page, elicitationId: 'e-1' };
    const { action } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    await extra.sendNotification({ method: 'notifications/elicitation/complete', params: { elicitationId: 'e-1' } });
    return `page: ${action}`;
  });
  // An answer of a kind that this generation does not know.
  for (const resultType of ['task', 'input_required']) {
    server.registerTool(`ask_then_${resultType}`, {}, async (extra: Extra) => {
      await elicit(extra, 'Your name?');
      return { content: [], resultType, taskId: 't-1' };
    });
  }
  let visited = false;
  tool('ask_page_first', () => {
    const link = { mode: 'url' as const, message: 'Sign in', url: page, elicitationId: 'e-2' };
    if (!visited) {
      visited = true;
      throw new UrlElicitationRequiredError([link]);
    }
    visited = false;
    return Promise.resolve('signed in');
  });
  tool('say_levels', async (extra) => {
    for (const level of ['debug', 'warning', 'error'] as const) {
      await extra.sendNotification({ method: 'notifications/message', params: { level, data: level } });
    }
    return 'said';
  });
  tool('ask_nothing', () => Promise.resolve('done'));
  return server;
}
