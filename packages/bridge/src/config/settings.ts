import { readFileSync } from 'node:fs';
import { childEnvironment } from './child-environment.ts';
import { CommandLineError, splitCommandLine } from './command-line.ts';
import { secretArguments, type SecretsDocument } from './secrets-document.ts';
import { VariableReader, type Environment } from './variables.ts';

/** How the child is run. */
export interface ChildSettings {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the child is opened with: `initialize`, or `server/discover` first (2026-07-28). */
  readonly era: 'legacy' | 'auto';
  readonly maxLineBytes: number;
  /** Bytes that may wait for a child that does not read. */
  readonly maxQueuedBytes: number;
  /** Calls that may be under way, those included whose callers have left. */
  readonly maxPending: number;
  /** Milliseconds the handshake may take. */
  readonly startMs: number;
  /** Milliseconds between closing stdin, SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Restarts in a row before the child is given up. */
  readonly maxRestarts: number;
}

export interface ServeSettings {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** undefined: requests need no credential. */
  readonly token: string | undefined;
  /** Host names accepted in the Host header, lower-case; undefined = any, since the address is not loopback. */
  readonly allowedHosts: readonly string[] | undefined;
  readonly allowedOrigins: readonly string[];
  readonly sessions: 'shared' | 'per-session';
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly maxBodyBytes: number;
  readonly maxConcurrent: number;
  /** Milliseconds a request may take without progress, and in all. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export interface Settings {
  readonly child: ChildSettings;
  readonly serve: ServeSettings;
  /** Values that must never be logged, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

export const defaultPort = 8080;
export const defaultHost = '127.0.0.1';
const loopback = ['localhost', '127.0.0.1', '[::1]'];
const day = 86_400;
const mebibyte = 1024 * 1024;

/**
 * Give the environment its meaning.
 * @param document what `MCP_BRIDGE_SECRETS` named: its command and token take the place of the variables for them
 * @throws SettingsError
 */
export function readSettings(environment: Environment, document?: SecretsDocument): Settings {
  const read = new VariableReader(environment);
  read.text('MCP_BRIDGE_SECRETS');
  if (document !== undefined) {
    for (const name of ['MCP_COMMAND', 'MCP_BRIDGE_TOKEN', 'MCP_BRIDGE_TOKEN_FILE']) {
      if (read.text(name) !== undefined) read.problem(name, 'must not be set beside MCP_BRIDGE_SECRETS');
    }
  }
  const words = document?.command ?? readCommand(read);
  const [command, ...args] = words;
  const env = childEnvironment(environment, read.list('MCP_BRIDGE_PASS_ENV'), document?.env);
  for (const [name, problem] of env.problems) read.problem(name, problem);

  const { host, port } = readAddress(read);
  const token = document === undefined ? readToken(read) : document.token;
  if (token !== undefined && !/^[\x21-\x7e]{16,512}$/.test(token)) {
    const source = document === undefined ? 'MCP_BRIDGE_TOKEN' : 'MCP_BRIDGE_SECRETS has a token that';
    read.problem(source, 'must be 16 to 512 visible ASCII characters');
  }
  const maxBodyBytes = read.integer('MCP_BRIDGE_MAX_BODY_BYTES', 4 * mebibyte, 1024, 256 * mebibyte);
  const maxConcurrent = read.integer('MCP_BRIDGE_MAX_CONCURRENT', 256, 1, 10_000);
  const sessions = read.choice('MCP_BRIDGE_SESSIONS', ['shared', 'per-session'], 'shared');
  const hosts = read.list('MCP_BRIDGE_ALLOWED_HOSTS').map((name) => name.toLowerCase());
  const settings = {
    child: {
      command: command ?? '',
      args,
      env: env.variables,
      era: read.choice('MCP_BRIDGE_CHILD_ERA', ['legacy', 'auto'], 'legacy'),
      maxLineBytes: read.integer('MCP_BRIDGE_MAX_LINE_BYTES', 10 * mebibyte, 1024, 256 * mebibyte),
      maxQueuedBytes: 4 * maxBodyBytes,
      maxPending: 4 * maxConcurrent,
      startMs: read.integer('MCP_BRIDGE_START_SECONDS', 60, 1, 3600) * 1000,
      maxRestarts: read.integer('MCP_BRIDGE_MAX_RESTARTS', 6, 0, 1000),
      graceMs: read.integer('MCP_BRIDGE_GRACE_MS', 2000, 10, 60_000),
    },
    serve: {
      host,
      port,
      token,
      allowedHosts: isLoopback(host) ? [...loopback, ...hosts] : hosts.length > 0 ? hosts : undefined,
      allowedOrigins: read.list('MCP_BRIDGE_ALLOWED_ORIGINS'),
      sessions,
      maxSessions: read.integer('MCP_BRIDGE_MAX_SESSIONS', sessions === 'shared' ? 1000 : 10, 1, 100_000),
      sessionIdleMs: read.integer('MCP_BRIDGE_SESSION_IDLE_SECONDS', 1800, 1, 30 * day) * 1000,
      maxBodyBytes,
      maxConcurrent,
      idleMs: read.integer('MCP_BRIDGE_IDLE_TIMEOUT_SECONDS', 120, 1, day) * 1000,
      totalMs: read.integer('MCP_BRIDGE_TIMEOUT_SECONDS', 600, 1, day) * 1000,
    },
    secrets: {
      ...secretArguments(words),
      ...env.given,
      ...(token === undefined ? {} : { MCP_BRIDGE_TOKEN: token }),
    },
  } satisfies Settings;
  read.finish('MCP_BRIDGE_');
  return settings;
}

/** Where the bridge of this environment listens, for the health check. @throws SettingsError */
export function readListenAddress(environment: Environment): { host: string; port: number } {
  const read = new VariableReader(environment);
  const address = readAddress(read);
  read.finish('\0');
  return address;
}

function readAddress(read: VariableReader): { host: string; port: number } {
  const host = read.text('MCP_BRIDGE_HOST') ?? defaultHost;
  if (!/^[A-Za-z0-9.:_-]+$/.test(host)) read.problem('MCP_BRIDGE_HOST', 'must be an address or a host name');
  return { host, port: read.integer('MCP_BRIDGE_PORT', defaultPort, 0, 65_535) };
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function readCommand(read: VariableReader): string[] {
  const line = read.text('MCP_COMMAND');
  try {
    const words = splitCommandLine(line ?? '');
    if (words.length > 0 && words[0] !== '') return words;
    read.problem('MCP_COMMAND', 'must be the command that starts the stdio server, e.g. npx -y some-mcp-server');
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    read.problem('MCP_COMMAND', `cannot be split into words: ${error.message}`);
  }
  return [];
}

function readToken(read: VariableReader): string | undefined {
  const file = read.text('MCP_BRIDGE_TOKEN_FILE');
  let token = read.text('MCP_BRIDGE_TOKEN');
  if (file !== undefined) {
    if (token !== undefined) read.problem('MCP_BRIDGE_TOKEN_FILE', 'must not be set beside MCP_BRIDGE_TOKEN');
    try {
      token = readFileSync(file, 'utf8').trim();
    } catch {
      read.problem('MCP_BRIDGE_TOKEN_FILE', 'names a file that cannot be read');
    }
  }
  return token;
}
