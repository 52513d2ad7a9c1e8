import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeEnvironment } from '../node.ts';
import { listen } from './listen.ts';

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = await listen(createServer());
  await probe[Symbol.asyncDispose]();
  return probe.port;
}

/** End a child process: SIGTERM, and SIGKILL when it has not gone after `patienceMs`. */
export async function endChild(child: ChildProcess, patienceMs = 3_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await gone;
  clearTimeout(timer);
}

/**
 * Start a published MCP server as its own process and wait until it answers HTTP.
 * @param script the file to run, as a URL or path
 * @param at the port to listen on; any free one without
 * @throws Error with what the process printed when it does not answer in time
 */
export async function startPackagedServer(
  script: string,
  args: readonly string[],
  at?: number,
): Promise<{ url: string } & AsyncDisposable> {
  const port = at ?? (await freePort());
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...nodeEnvironment, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const url = `http://127.0.0.1:${port}/mcp`;
  const deadline = Date.now() + 20_000;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await endChild(child);
      throw new Error(`${script} does not answer at ${url}: ${said}`);
    }
    await sleep(100);
  }
  return { url, [Symbol.asyncDispose]: () => endChild(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
