import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

export interface TasksUpstream extends AsyncDisposable {
  readonly url: string;
  /** Requests as they came, without the handshake and lists. */
  readonly seen: readonly { readonly method: string; readonly name: string | undefined; readonly taskId: unknown }[];
  /** Let every task end. */
  finish(): void;
}

const tasksExtension = 'io.modelcontextprotocol/tasks';
const uiExtension = 'io.modelcontextprotocol/ui';

interface Body {
  readonly id?: unknown;
  readonly method: string;
  readonly params: {
    readonly name?: string;
    readonly taskId?: string;
    readonly _meta: Readonly<Record<string, { readonly extensions?: Readonly<Record<string, unknown>> }>>;
  };
}

/**
 * A server of the newer kind with the tasks extension (SEP-2663): `report` becomes a task for clients that declared the
 * extension and answers the others at once; `extensions` says which ones its client declared. It serves a method of an
 * extension of its own, too.
 */
export async function startTasksUpstream(): Promise<TasksUpstream> {
  const seen: TasksUpstream['seen'][number][] = [];
  const tasks = new Map<string, { status: string }>();

  const handle = (body: Body, res: ServerResponse, name: string | undefined): void => {
    const reply = (result: object): void => {
      const whole = { jsonrpc: '2.0', id: body.id, result: { resultType: 'complete', ...result } };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole));
    };
    const fail = (status: number, code: number, message: string): void => {
      res
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id: body.id, error: { code, message } }));
    };
    const { method, params } = body;
    const declared = params._meta['io.modelcontextprotocol/clientCapabilities']?.extensions ?? {};
    const text = (value: string): object => ({ content: [{ type: 'text', text: value }] });
    if (method === 'server/discover') {
      const capabilities = { tools: {}, extensions: { [tasksExtension]: {}, [uiExtension]: {} } };
      return reply({ supportedVersions: ['2026-07-28'], capabilities, ttlMs: 0, cacheScope: 'private' });
    }
    if (method === 'tools/list') {
      const tools = ['report', 'extensions'].map((tool) => ({ name: tool, inputSchema: { type: 'object' } }));
      return reply({ tools, ttlMs: 0, cacheScope: 'private' });
    }
    seen.push({ method, name, taskId: params.taskId });
    if (method === 'tools/call' && params.name === 'extensions') return reply(text(Object.keys(declared).join(' ')));
    if (method === 'tools/call') {
      if (declared[tasksExtension] === undefined) return reply(text('at once'));
      const taskId = `task/${tasks.size + 1}`;
      tasks.set(taskId, { status: 'working' });
      return reply({ resultType: 'task', taskId, status: 'working', ttlMs: 60_000, pollIntervalMs: 10 });
    }
    if (method === 'acme/hello') return reply({ hello: params });
    const task = tasks.get(params.taskId ?? '');
    if (!method.startsWith('tasks/')) return fail(404, -32601, 'Method not found');
    if (task === undefined) return fail(200, -32602, 'Unknown task');
    if (method === 'tasks/cancel') task.status = 'cancelled';
    const result = task.status === 'completed' ? { result: text('the report') } : {};
    return reply({ taskId: params.taskId, status: task.status, ttlMs: 60_000, ...result });
  };

  const receive = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body;
    if (body.id === undefined) res.writeHead(202).end();
    else handle(body, res, req.headers['mcp-name'] as string | undefined);
  };
  const base = await listen(createServer((req, res) => void receive(req, res).catch(() => res.destroy())));
  return {
    url: `${base.origin}/mcp`,
    seen,
    finish() {
      for (const task of tasks.values()) if (task.status === 'working') task.status = 'completed';
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}
