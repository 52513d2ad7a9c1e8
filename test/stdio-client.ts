import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RpcMessage } from './http.ts';
import { nodeEnvironment } from './node.ts';
import { endChild } from './upstreams/child.ts';

const cli = fileURLToPath(new URL('../packages/server/bin/mcpnest.mjs', import.meta.url));

/** How a client is told to start `mcpnest connect`. */
export const connectCommand = (
  url: string,
  env: Readonly<Record<string, string>>,
): { command: string; args: string[]; env: Record<string, string> } => ({
  command: process.execPath,
  args: [cli, 'connect', '--stdio', '--url', url],
  env: { ...nodeEnvironment, HOME: '/nonexistent', ...env },
});

/** A client that writes and reads lines itself, to see the very bytes. */
export interface StdioClient extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  /** Every line of standard output so far. */
  readonly lines: readonly string[];
  /** Everything on standard error so far. */
  said(): string;
  write(line: string): void;
  /** Send a request and give the line that answers it. */
  ask(message: { id: number | string; method: string; params?: unknown }): Promise<string>;
  /** The next line, now or later, that a test is looking for. */
  line(wanted: (message: RpcMessage, line: string) => boolean): Promise<string>;
  /** Exit code and signal, once it has ended. */
  ended(): Promise<readonly [number | null, string | null]>;
}

/** Run `mcpnest` with these arguments, as a client that only starts programs does. */
export function startStdio(args: readonly string[], env: Readonly<Record<string, string>>): StdioClient {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...nodeEnvironment, HOME: '/nonexistent', ...env },
  });
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  let said = '';
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const hear of waiting) hear(line);
  });
  const line: StdioClient['line'] = (wanted) =>
    new Promise((resolve, reject) => {
      const hear = (text: string): void => {
        if (!wanted(JSON.parse(text) as RpcMessage, text)) return;
        waiting.delete(hear);
        resolve(text);
      };
      waiting.add(hear);
      for (const text of lines) hear(text);
      void exited.then(() => reject(new Error(`it ended before the line came: ${said}`)));
    });
  return {
    child,
    lines,
    said: () => said,
    write: (text) => void child.stdin.write(`${text}\n`),
    ask({ id, method, params }) {
      const answer = line((message) => message.id === id && message.method === undefined);
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      return answer;
    },
    line,
    ended: () => exited,
    [Symbol.asyncDispose]: () => endChild(child),
  };
}

/** Open a legacy session by hand. */
export async function openSession(client: StdioClient, capabilities: object = {}): Promise<RpcMessage> {
  const clientInfo = { name: 'by-hand', version: '1' };
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo };
  const answer = await client.ask({ id: 'init', method: 'initialize', params });
  client.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  return JSON.parse(answer) as RpcMessage;
}
