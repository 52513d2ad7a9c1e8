import { createClient, type Client } from '@mcpnest/contract/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from '../packages/server/src/build.ts';
import type { HostingParts } from '../packages/server/src/build/hosting.ts';
import { loadConfig } from '../packages/server/src/config/config.ts';
import { bootstrap } from '../packages/server/src/control/bootstrap.ts';
import type { Bus } from '../packages/server/src/platform/bus/bus.ts';
import { createMemoryBus } from '../packages/server/src/platform/bus/memory.ts';
import { systemClock } from '../packages/server/src/platform/clock.ts';
import { openDataFolder } from '../packages/server/src/platform/data-folder.ts';
import type { OpenDatabase } from '../packages/server/src/platform/database/database.ts';
import { migrate } from '../packages/server/src/platform/database/migrate.ts';
import { openSqlite } from '../packages/server/src/platform/database/sqlite.ts';
import { createLocalVault } from '../packages/server/src/platform/vault/local-key.ts';
import type { Vault } from '../packages/server/src/platform/vault/vault.ts';
import { callRows, type CallRow } from './books.ts';
import { send, type Sent } from './http.ts';
import { nodeEnvironment } from './node.ts';
import { endChild } from './upstreams/child.ts';

export interface AddServer {
  readonly slug: string;
  readonly url: string;
  readonly prefix?: string;
  /** Another workspace than the first, with a token of it. */
  readonly workspace?: string;
  readonly token?: string;
  readonly limits?: Readonly<Record<string, number | null>>;
  readonly position?: number;
  readonly pinning?: 'on' | 'off';
}

export interface RpcOptions {
  readonly workspace?: string;
  readonly server?: string;
  /** Default: the workspace token; null sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** `?tools=` of the URL. */
  readonly tools?: string;
}

/** A running MCPNest with one workspace, reached only from outside: HTTP, database file, journal folder. */
export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly apiKey: string;
  readonly workspaceToken: string;
  readonly workspace: string;
  readonly client: Client;
  /** A client with another key. */
  clientOf(apiKey: string): Client;
  /** URL of the gateway for a workspace or one server of it. */
  gateway(server?: string, workspace?: string): string;
  /** Open the server's address, add it and wait until the gateway knows it. */
  addServer(server: AddServer): Promise<void>;
  /** A bare request as the plain curl makes it; a string body is sent as it is. */
  rpc(body: unknown, options?: RpcOptions): Promise<Sent>;
  /** A 2026-07-28 request with everything such a request must carry. */
  modern(
    method: string,
    params?: Record<string, unknown>,
    options?: RpcOptions & { meta?: Record<string, unknown> },
  ): Promise<Sent>;
  /** `tools/call` in the plain form. */
  call(tool: string, args?: unknown, options?: RpcOptions): Promise<Sent>;
  /** Names of `tools/list`, in order. */
  toolNames(options?: RpcOptions): Promise<string[]>;
  /** Rows of `mcp_tool_calls`, oldest first, once everything journalled so far has been copied. */
  calls(): Promise<CallRow[]>;
}

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));

export interface ProductOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder to use again; by default a fresh one, removed at the end. */
  readonly data?: ProductData;
  /** What hosts servers, in place of what the release has. */
  readonly hosting?: HostingParts;
}

/** A data folder with its first owner, workspace and keys. */
export interface ProductData extends Disposable {
  readonly dir: string;
  readonly apiKey: string;
  readonly workspaceToken: string;
  readonly workspace: string;
}

/** The stores of a data folder, opened with the embedded adapters. */
export interface Parts extends AsyncDisposable {
  readonly database: OpenDatabase;
  readonly bus: Bus;
  readonly vault: Vault;
}

/** Open a data folder as the product does, for tests that put a plane together by themselves. */
export async function openParts(dir: string): Promise<Parts> {
  const { config, secrets } = loadConfig(environment(dir));
  const folder = openDataFolder(dir, secrets.secretKey);
  if (config.database.kind !== 'sqlite') throw new Error('the harness keeps its data in SQLite');
  const database = openSqlite(config.database.file);
  const bus = createMemoryBus();
  await migrate(database, systemClock);
  return {
    database,
    bus,
    vault: createLocalVault(folder.secretKey),
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Make a data folder with owner, workspace and keys, as `mcpnest bootstrap` does. */
export async function bootstrapData(): Promise<ProductData> {
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-'));
  await using parts = await openParts(dir);
  const made = await bootstrap({ ...parts, clock: systemClock }, { email: 'owner@example.com', workspace: 'Acme' });
  return { dir, ...made, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Boot the real composition root inside this process. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const data = options.data ?? (await bootstrapData());
  const { config, secrets } = loadConfig({ ...environment(data.dir), ...options.env });
  const running = await build(config, secrets, undefined, options.hosting);
  await running.start();
  return product(data, running.url, async () => {
    await running.stop();
    if (options.data === undefined) data[Symbol.dispose]();
  });
}

export interface SpawnedProduct extends Product {
  readonly child: ChildProcess;
  /** Milliseconds from start to the line that says ready. */
  readonly readyAfterMs: number;
  /** Everything it printed so far. */
  output(): string;
  /** kill -9, and wait until it is gone. */
  kill(): Promise<void>;
}

/** The same as a process of its own, to be killed and drained. */
export async function spawnProduct(options: ProductOptions = {}): Promise<SpawnedProduct> {
  const data = options.data ?? (await bootstrapData());
  const started = performance.now();
  const env = { ...environment(data.dir), ...options.env };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const ready = /"url":"(http[^"]+)"[^\n]*"msg":"ready"|"msg":"ready"[^\n]*"url":"(http[^"]+)"/.exec(said);
      if (ready !== null) resolve(ready[1] ?? ready[2]!);
    });
    child.once('exit', () => reject(new Error(`the server ended before it was ready:\n${said.slice(-4_000)}`)));
  });
  const readyAfterMs = performance.now() - started;
  const base = product(data, url, async () => {
    await endChild(child, 10_000);
    if (options.data === undefined) data[Symbol.dispose]();
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { ...base, child, readyAfterMs, output: () => said, kill };
}

const environment = (dir: string): Record<string, string> => ({
  ...nodeEnvironment,
  MCPNEST_DATA_DIR: dir,
  MCPNEST_PORT: '0',
  MCPNEST_LOG_LEVEL: 'error',
});

function product(data: ProductData, url: string, end: () => Promise<void>): Product {
  const { apiKey, workspaceToken } = data;
  const client = createClient({ baseUrl: url, apiKey });
  const gateway = (server?: string, workspace = data.workspace): string =>
    `${url}/api/gw/${workspace}${server === undefined ? '' : `/${server}`}`;
  const rpc = (body: unknown, options: RpcOptions = {}): Promise<Sent> => {
    const token = options.token === undefined ? workspaceToken : options.token;
    const query = options.tools === undefined ? '' : `?tools=${options.tools}`;
    return send(gateway(options.server, options.workspace) + query, {
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...options.headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  };
  const request = (method: string, params: unknown, options?: RpcOptions): Promise<Sent> =>
    rpc({ jsonrpc: '2.0', id: 1, method, params }, options);
  return {
    url,
    port: Number(new URL(url).port),
    dataDir: data.dir,
    apiKey,
    workspaceToken,
    workspace: data.workspace,
    client,
    clientOf: (key) => createClient({ baseUrl: url, apiKey: key }),
    gateway,
    rpc,
    async addServer({ workspace = data.workspace, slug, token = workspaceToken, ...server }) {
      const target = new URL(server.url).host;
      await client.network.allow({ body: { target } }).catch((error: unknown) => {
        if ((error as { problem?: { code?: string } }).problem?.code !== 'already_exists') throw error;
      });
      await client.servers.create({ params: { workspace }, body: { name: slug, slug, ...server } });
      const probe = { method: 'GET', headers: { authorization: `Bearer ${token}` } };
      await until(
        `the gateway knows ${slug}`,
        async () => (await send(gateway(slug, workspace), probe)).status !== 404,
      );
    },
    modern(method, params = {}, options = {}) {
      const target = params['name'] ?? params['uri'];
      const name = typeof target === 'string' ? { 'mcp-name': target } : {};
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'harness', version: '1' },
        ...options.meta,
      };
      const headers = {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...name,
        ...options.headers,
      };
      return request(method, { ...params, _meta }, { ...options, headers });
    },
    call: (tool, args, options) => request('tools/call', { name: tool, arguments: args ?? {} }, options),
    async toolNames(options) {
      const { message } = await request('tools/list', {}, options);
      return ((message.result?.['tools'] ?? []) as { name: string }[]).map((tool) => tool.name);
    },
    calls: () => callRows(data.dir),
    [Symbol.asyncDispose]: end,
  };
}

/**
 * Wait until something has come about; a change of the control plane takes up to a second to reach the gateway.
 * @throws Error naming `what` after `withinMs`
 */
export async function until(what: string, condition: () => Promise<boolean>, withinMs = 3_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(10);
  }
}

/**
 * Milliseconds twenty calls of a tool take, one after the other; each must succeed. Two such times tell whether
 * something holds callers up, where a fixed limit would tell how busy the machine is.
 */
export async function timeCalls(product: Product, tool: string): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < 20; i++) {
    const { message } = await product.call(tool);
    if (message.error !== undefined) throw new Error(`call ${i} of ${tool} failed: ${message.error.message}`);
  }
  return performance.now() - started;
}
