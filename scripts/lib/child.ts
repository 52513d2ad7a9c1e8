import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { root } from './tool.ts';

/** A Node process that a task runs beside itself and that never outlives it. */
export interface Child {
  readonly name: string;
  /** Resolves when it has ended, with its exit code (or 128 + signal as a shell counts). */
  readonly ended: Promise<number>;
  readonly running: boolean;
  /** Whether `stop` was called: its end is then no surprise. */
  readonly stopping: boolean;
  /** The last lines of its error output, for a message when it failed. */
  lastWords(): string;
  /** Ask it to end, and make it end when it has not after the grace time (milliseconds). */
  stop(graceMs?: number): Promise<number>;
}

export interface ChildOptions {
  readonly name: string;
  /** Arguments of node: its own options, the script, the script's arguments. */
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
}

/**
 * Start a script on this Node in a process group of its own, so that Ctrl-C in the terminal reaches the task alone and
 * the task ends its children in order. The channel makes it end by itself when the task dies.
 */
export function startChild({ name, args, env, onLine }: ChildOptions): Child {
  const preload = join(root, 'scripts/demo/end-with-parent.mjs');
  const child = spawn(process.execPath, ['--import', preload, ...args], {
    cwd: root,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      last = [...last, line].slice(-10);
      onLine?.(line);
    });
  }
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      last = [...last, error.message];
      resolve(1);
    });
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  let stopping = false;
  return {
    name,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null && child.pid !== undefined;
    },
    get stopping() {
      return stopping;
    },
    lastWords: () => last.join('\n'),
    stop: (graceMs = 5000) => {
      stopping = true;
      return stop(child, ended, graceMs);
    },
  };
}

async function stop(child: ChildProcess, ended: Promise<number>, graceMs: number): Promise<number> {
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  try {
    return await ended;
  } finally {
    clearTimeout(killer);
  }
}
