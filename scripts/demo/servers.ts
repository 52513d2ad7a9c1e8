import { readFileSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Child } from '../lib/child.ts';
import { startChild } from '../lib/child.ts';
import { Problem } from '../lib/steps.ts';
import { root } from '../lib/tool.ts';

/** A published MCP server that the demo runs beside the gateway and registers like any other. */
export interface DemoServer {
  readonly slug: string;
  readonly name: string;
  readonly packageName: string;
  readonly args: readonly string[];
}

export const demoServers: readonly DemoServer[] = [
  {
    slug: 'everything',
    name: 'Everything',
    packageName: '@modelcontextprotocol/server-everything',
    args: ['dist/index.js', 'streamableHttp'],
  },
  {
    slug: 'system-monitor',
    name: 'System monitor',
    packageName: '@modelcontextprotocol/server-system-monitor',
    args: ['dist/index.js'],
  },
];

export const demoWorkspace = 'demo';

/** What the demo remembers between starts: it keeps the ports, so that the registered URLs stay true. */
export interface DemoState {
  /** False while the first start has not got to its end. */
  complete: boolean;
  ports: Record<string, number>;
}

const stateFile = (dataFolder: string): string => join(dataFolder, 'demo.json');

export function readDemoState(dataFolder: string): DemoState | undefined {
  let text: string;
  try {
    text = readFileSync(stateFile(dataFolder), 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as DemoState;
  } catch {
    throw new Problem(`${stateFile(dataFolder)} is damaged. Delete it to go on without the demo's servers.`);
  }
}

export async function writeDemoState(dataFolder: string, state: DemoState): Promise<void> {
  const file = stateFile(dataFolder);
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  // One that was there, and empty: the gateway takes it over closed to others, as it would have done itself.
  await chmod(dataFolder, 0o700);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export const demoUrl = (port: number): string => `http://127.0.0.1:${port}/mcp`;

/**
 * Start one demo server on a loopback port and wait until it answers. It gets an empty environment: one of its tools
 * prints its environment, which therefore must hold nothing of ours.
 * @throws Problem with its last words when it ends or stays silent for ten seconds
 */
export async function startDemoServer(server: DemoServer, port: number): Promise<Child> {
  const [script = '', ...args] = server.args;
  const loopbackOnly = join(root, 'scripts/demo/loopback-only.mjs');
  const child = startChild({
    name: server.slug,
    args: ['--import', loopbackOnly, join(root, 'node_modules', server.packageName, script), ...args],
    env: { PORT: String(port), NODE_ENV: 'production' },
  });
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline && child.running) {
    if (await answers(demoUrl(port))) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const words = child.lastWords();
  await child.stop();
  throw new Problem(`The demo server ${server.packageName} did not start on port ${port}.\n${words}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: 'GET', signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
