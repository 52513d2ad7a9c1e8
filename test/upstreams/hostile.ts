import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { faults, type Fault } from './hostile/faults.ts';
import { listen } from './listen.ts';

export type FaultName = keyof typeof faults;

export interface HostileUpstream extends AsyncDisposable {
  readonly port: number;
  /** Endpoint that behaves well until `tools/call`, which it answers with this fault. */
  url(fault: FaultName): string;
  /** Endpoint that answers everything with this fault, the handshake included. */
  urlAlways(fault: FaultName): string;
  /** `tools/call` requests that arrived, by fault. */
  calls(fault: FaultName): number;
  /** `initialize` requests that arrived, by fault. */
  handshakes(fault: FaultName): number;
}

/** The one tool of every endpoint. */
export const hostileTool = 'strike';

/**
 * An upstream that misbehaves, one way per path: `/{fault}` (in calls) and `/always/{fault}` (from the first byte).
 * Everything it says carries `leak`, so that a test can tell whether any of it came through.
 */
export async function startHostileUpstream(): Promise<HostileUpstream> {
  const calls = new Map<string, number>();
  const handshakes = new Map<string, number>();
  const sessions = new Map<string, Set<string>>();
  const server = createServer((req, res) => {
    void receive(req).then((call) => {
      const [, first = '', second = ''] = (req.url ?? '').split('/');
      const name = first === 'always' ? second : first;
      const fault = (faults as Readonly<Record<string, Fault>>)[name];
      if (fault === undefined) return res.writeHead(404).end();
      if (call.method === 'initialize') handshakes.set(name, (handshakes.get(name) ?? 0) + 1);
      if (call.method === 'tools/call') calls.set(name, (calls.get(name) ?? 0) + 1);
      if (first === 'always' || call.method === 'tools/call')
        return fault({ ...call, req, res, count: calls.get(name) ?? 0 });
      return behave(call, req, res, sessionsOf(sessions, name));
    });
  });
  server.keepAliveTimeout = 60_000;
  // Faults end connections on purpose; the server itself must outlive them.
  server.on('clientError', (_, socket) => socket.destroy());
  const base = await listen(server);
  return {
    port: base.port,
    url: (fault) => `${base.origin}/${fault}`,
    urlAlways: (fault) => `${base.origin}/always/${fault}`,
    calls: (fault) => calls.get(fault) ?? 0,
    handshakes: (fault) => handshakes.get(fault) ?? 0,
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

function sessionsOf(all: Map<string, Set<string>>, name: string): Set<string> {
  const known = all.get(name) ?? new Set();
  all.set(name, known);
  return known;
}

interface Received {
  readonly method: string;
  /** Raw JSON text of the id. */
  readonly id: string;
}

async function receive(req: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  try {
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { method?: string; id?: unknown };
    return { method: message.method ?? '', id: JSON.stringify(message.id ?? null) };
  } catch {
    return { method: '', id: 'null' };
  }
}

/** What a proper legacy server with sessions does. */
function behave(call: Received, req: IncomingMessage, res: ServerResponse, sessions: Set<string>): void {
  const session = req.headers['mcp-session-id'];
  if (req.method !== 'POST') return void res.writeHead(req.method === 'DELETE' ? 204 : 405).end();
  if (call.id === 'null') return void res.writeHead(202).end();
  if (req.headers['mcp-protocol-version'] === '2026-07-28') return void res.writeHead(400).end();
  if (call.method === 'initialize') {
    const fresh = randomUUID();
    sessions.add(fresh);
    res.setHeader('mcp-session-id', fresh);
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'hostile', version: '1' },
    };
    return reply(res, `{"jsonrpc":"2.0","id":${call.id},"result":${JSON.stringify(result)}}`);
  }
  if (session === undefined || !sessions.has(String(session))) return void res.writeHead(404).end();
  const tools = [{ name: hostileTool, description: 'Strikes', inputSchema: { type: 'object' } }];
  reply(res, `{"jsonrpc":"2.0","id":${call.id},"result":${JSON.stringify({ tools })}}`);
}

function reply(res: ServerResponse, message: string): void {
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(message);
}
