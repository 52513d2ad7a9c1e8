import { join } from 'node:path';

import type { Child } from '../lib/child.ts';
import { startChild } from '../lib/child.ts';
import { isFree } from '../lib/ports.ts';
import { print, Problem } from '../lib/steps.ts';
import { root } from '../lib/tool.ts';

/** A gateway that is ready to serve. */
export interface Gateway {
  readonly child: Child;
  /** Base URL, without a slash at the end. */
  readonly url: string;
  /** What it says of finishing the set-up, where nobody can sign in yet. */
  readonly setup: () => string | undefined;
}

export interface GatewayOptions {
  /** Restart it when one of its source files changes. */
  readonly watch: boolean;
  /** Show every line of its log instead of warnings and errors only. */
  readonly allLogs: boolean;
}

/** Milliseconds until a start that shows nothing is called failed. */
const patience = 20_000;

/**
 * Start the gateway and wait until it serves.
 * @throws Problem when it ends instead; its last words have been printed
 */
export async function startGateway({ watch, allLogs }: GatewayOptions): Promise<Gateway> {
  let setup: string | undefined;
  const ready = Promise.withResolvers<string>();
  const child = startChild({
    name: 'gateway',
    args: [...(watch ? ['--watch', '--watch-preserve-output'] : []), join(root, 'packages/server/src/main.ts')],
    env: process.env,
    onLine: (line) => {
      // Shown at the end, where whoever starts it looks.
      if (line.startsWith('Finish setup ')) return void (setup = line);
      const entry = readLogLine(line);
      if (entry?.url !== undefined) ready.resolve(entry.url);
      if (allLogs || entry === undefined || entry.level >= 40) print(line);
    },
  });
  const silent = setTimeout(
    () => ready.reject(new Problem(`The gateway is not ready after ${patience} ms.`)),
    patience,
  );
  const gone = child.ended.then((code) => {
    throw new Problem(`The gateway ended with exit code ${code}.`);
  });
  try {
    return { child, url: await Promise.race([ready.promise, gone]), setup: () => setup };
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    clearTimeout(silent);
    gone.catch(() => undefined);
  }
}

/** Look before anything else is started. @throws Problem naming the remedy */
export async function refuseTakenPort(): Promise<void> {
  const host = process.env['MCPNEST_HOST'] ?? '127.0.0.1';
  const port = Number(process.env['MCPNEST_PORT'] ?? 8420);
  if (!Number.isInteger(port) || port === 0 || (await isFree(host, port))) return;
  throw new Problem(
    `Port ${port} on ${host} is taken, perhaps by another MCPNest. Choose another one: MCPNEST_PORT=8421 npm start`,
  );
}

/** The log is one JSON object per line (pino): `level` 30 is info, 40 a warning. */
function readLogLine(line: string): { level: number; url: string | undefined } | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof entry !== 'object' || entry === null || !('level' in entry)) return undefined;
  const { level, msg, url } = entry as { level: unknown; msg?: unknown; url?: unknown };
  return { level: Number(level), url: msg === 'ready' && typeof url === 'string' ? url : undefined };
}
