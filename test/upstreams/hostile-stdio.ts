/**
 * A stdio MCP server that misbehaves on request: each tool is one fault, its arguments say how much. Written without
 * any SDK, since those do not do such things. What it does from the start is told by environment variables.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

interface Incoming {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: unknown;
}

const history: string[] = [];
const cancelled: unknown[] = [];
const slow = new Map<unknown, NodeJS.Timeout>();
const asked = new Map<unknown, (answer: Incoming) => void>();
const variable = (name: string): string | undefined => process.env[`HOSTILE_${name}`];

const write = (line: string): void => void process.stdout.write(line);
const say = (message: object): void => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value: unknown): object => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

type Answer = (value: unknown) => void;
type Arguments = Readonly<Record<string, unknown>>;

/** JSON that a parser and a printer would change. */
export const oddResult =
  '{ "content":[ ] ,"big":12345678901234567890,"one":1.0,"e":1E+2,"\\u0065sc":"\\u00e9é\\ud83d\\ude00","unknown":{"z":1,"a":[]}}';

const tools: Readonly<Record<string, (args: Arguments, answer: Answer, call: Incoming) => void>> = {
  echo: (args, answer) => answer(args['text'] ?? ''),
  slow: (args, answer, { id }) => {
    const timer = setTimeout(() => answer(args['text'] ?? 'late'), Number(args['ms'] ?? 1000));
    slow.set(id, timer);
  },
  argv: (_, answer) => answer(process.argv.slice(2)),
  environment: (_, answer) => answer(process.env),
  pid: (_, answer) => answer(String(process.pid)),
  history: (_, answer) => answer(history),
  cancelled: (_, answer) => answer(cancelled),
  odd: (_, __, { id }) => write(`{"result":${oddResult},"id":${String(id)},"jsonrpc":"2.0"}\n`),
  noise: (args, answer) => {
    write(
      'Listening on stdio!\n\n   \r\n{"not":"a message"}\n[1,2]\n{"jsonrpc":"2.0","id":99999,"result":{}}\n{broken\n',
    );
    write('\u001b[31mcolours\u001b[0m\r\n');
    answer(args['text'] ?? '');
  },
  crlf: (_, __, { id }) => write(`{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[]}}\r\n`),
  split: (_, __, { id }) => {
    const bytes = Buffer.from(
      `{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[{"type":"text","text":"é😀"}]}}\n`,
    );
    for (const byte of bytes) writeSync(1, Buffer.from([byte]));
  },
  huge: (args, answer) => answer('x'.repeat(Number(args['bytes']))),
  crash: () => process.exit(7),
  flood: (args, answer) => {
    const line = `${'e'.repeat(999)}\n`;
    for (let i = 0; i < Number(args['lines']); i++) writeSync(2, line);
    answer('flooded');
  },
  secret: (_, answer) => {
    process.stderr.write(`connecting with ${process.env['API_KEY']}\n`);
    answer('said');
  },
  grandchild: (_, answer) => {
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{});setInterval(()=>{},1000)'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    answer(String(child.pid));
  },
  progress: (args, answer, { params }) => {
    const { progressToken } = (params?.['_meta'] ?? {}) as { progressToken?: unknown };
    const steps = Number(args['steps'] ?? 3);
    let step = 0;
    const timer = setInterval(
      () => {
        if (++step > steps) {
          clearInterval(timer);
          answer(args['text'] ?? 'done');
        } else {
          const params = { progressToken, progress: step, total: steps, message: args['text'] };
          say({ method: 'notifications/progress', params });
        }
      },
      Number(args['everyMs'] ?? 5),
    );
  },
  ask: (args, answer) => {
    const id = `ask-${asked.size}`;
    asked.set(id, (reply) => answer({ result: reply.result, error: reply.error }));
    const params = { message: 'Who?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } };
    say({ id, method: String(args['method'] ?? 'elicitation/create'), params });
  },
  tell: (_, answer) => {
    say({ method: 'notifications/tools/list_changed' });
    say({ method: 'notifications/message', params: { level: 'info', data: 'private to one caller' } });
    say({ method: 'notifications/resources/updated', params: { uri: 'test://a' } });
    answer('told');
  },
  deaf: () => {
    process.stdin.pause();
    setInterval(() => undefined, 1000);
  },
};

function handle(message: Incoming): void {
  const { id, method, params = {} } = message;
  if (method === undefined) return asked.get(id)?.(message);
  history.push(method);
  const answer: Answer = (value) => say({ id, result: text(value) });
  switch (method) {
    case 'initialize': {
      const capabilities = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} };
      const result = { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'hostile', version: '1' } };
      setTimeout(() => say({ id, result }), Number(variable('HANDSHAKE_MS') ?? 0));
      return;
    }
    case 'notifications/initialized': {
      const crashMs = variable('CRASH_MS');
      if (crashMs !== undefined) setTimeout(() => process.exit(9), Number(crashMs));
      return;
    }
    case 'notifications/cancelled':
      clearTimeout(slow.get(params['requestId']));
      cancelled.push({ known: slow.delete(params['requestId']), reason: params['reason'] });
      return;
    case 'tools/list':
      return say({
        id,
        result: { tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) },
      });
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return say({ id, result: {} });
    case 'resources/read':
      return say({ id, error: { code: -32002, message: 'Resource not found' } });
    case 'tools/call': {
      const tool = tools[String(params['name'])];
      if (tool === undefined) return say({ id, error: { code: -32602, message: 'Unknown tool', data: { odd: 1 } } });
      return tool((params['arguments'] ?? {}) as Arguments, answer, message);
    }
    default:
      if (id !== undefined) say({ id, error: { code: -32601, message: 'Method not found' } });
  }
}

if (import.meta.main) {
  if (variable('DIE') !== undefined) {
    process.stderr.write('API_KEY is not set\n');
    process.exit(3);
  }
  if (variable('STUBBORN') !== undefined) {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1000);
  }
  write('\ufeff');
  createInterface({ input: process.stdin }).on('line', (line) => handle(JSON.parse(line) as Incoming));
}
