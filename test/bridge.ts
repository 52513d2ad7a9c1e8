import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment } from './node.ts';
import { endChild } from './upstreams/child.ts';

const here = dirname(fileURLToPath(import.meta.url));
export const bridgeBin = join(here, '../packages/bridge/bin/mcpnest-bridge.mjs');

const quoted = (word: string): string => `'${word}'`;
const everythingFile = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);

/** `MCP_COMMAND` for our misbehaving server and for the published reference server. */
export const hostileCommand = `${quoted(process.execPath)} ${quoted(join(here, 'upstreams/hostile-stdio.ts'))}`;
export const everythingCommand = `${quoted(process.execPath)} ${quoted(everythingFile)} stdio`;
/** Command of the published reference server, in parts. */
export const everythingArgv: readonly string[] = [process.execPath, everythingFile, 'stdio'];
/** The misbehaving server. */
export const hostileArgv: readonly string[] = [process.execPath, join(here, 'upstreams/hostile-stdio.ts')];
export const modernCommand = `${quoted(process.execPath)} ${quoted(join(here, 'upstreams/modern-stdio.ts'))}`;

export interface RunningBridge extends AsyncDisposable {
  readonly pid: number;
  readonly origin: string;
  /** The MCP endpoint. */
  readonly url: string;
  /** All it has written to standard output. */
  log(): string;
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

export interface FinishedProcess {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** The whole environment of a bridge under test: nothing of the test run's own but the path. */
const environment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...nodeEnvironment,
  MCP_BRIDGE_PORT: '0',
  MCP_BRIDGE_GRACE_MS: '300',
  ...env,
});

/** Run the program until it ends by itself. */
export function runBridge(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<FinishedProcess> {
  const child = spawn(process.execPath, [bridgeBin, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, errors })));
}

/** Start the program and wait until it serves. @throws Error with what it printed when it does not */
export const startBridgeProcess = (
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningBridge> => startAndWait({ MCP_COMMAND: command, ...env });

/** The same with a document of secrets on standard input, which stays open after it. */
export const startToldBridge = (document: object, env: Readonly<Record<string, string>> = {}): Promise<RunningBridge> =>
  startAndWait({ MCP_BRIDGE_SECRETS: 'stdin', ...env }, `${JSON.stringify(document)}\n`);

async function startAndWait(env: Readonly<Record<string, string>>, input?: string): Promise<RunningBridge> {
  const child = spawn(process.execPath, [bridgeBin], {
    env: environment(env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.write(input ?? '');
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const deadline = Date.now() + 20_000;
  let port: string | undefined;
  while ((port = /"msg":"ready".*"port":(\d+)/.exec(out)?.[1]) === undefined) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the bridge does not start: ${out}`);
    await sleep(25);
  }
  const origin = `http://127.0.0.1:${port}`;
  return {
    pid: child.pid!,
    origin,
    url: `${origin}/mcp`,
    log: () => out,
    exited,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: () => endChild(child, 5_000),
  };
}

/** Whether a process exists and is no zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) Z/.test(stat);
}

/** Wait until something holds. @throws Error when it does not in time */
export async function until(holds: () => Promise<boolean> | boolean, what: string, timeoutMs = 8_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`in vain waited until ${what}`);
    await sleep(20);
  }
}
