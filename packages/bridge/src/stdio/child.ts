import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSettings } from '../config/settings.ts';
import type { Log } from '../log.ts';
import { drainStderr } from './stderr-log.ts';

/** One run of the stdio server, in a process group of its own. */
export interface Child {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves with how it ended, once it has; nothing of its group is left then. */
  readonly ended: Promise<string>;
  /** The last lines of its error output. */
  lastWords(): string[];
  /** Close stdin, wait, SIGTERM, wait, SIGKILL: the signals go to the whole group. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Groups that must not outlive this process, whatever ends it. */
export class ProcessGroups {
  readonly #leaders = new Set<number>();

  add(pid: number): void {
    this.#leaders.add(pid);
  }

  /** Kill what is left of a group and forget it. */
  end(pid: number): void {
    if (this.#leaders.delete(pid)) signalGroup(pid, 'SIGKILL');
  }

  /** To be called when this process exits; works without the event loop. */
  endAll(): void {
    for (const pid of [...this.#leaders]) this.end(pid);
  }
}

/** How long what a dead child has written may take to be read. */
const lastBytesMs = 1000;

/** Start the child. It never fails here: a command that cannot be run is a child that has ended. */
export function startChild(settings: ChildSettings, groups: ProcessGroups, log: Log): Child {
  const { command, args, env, graceMs } = settings;
  const child = spawn(command, args, {
    env: { ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
  });
  const { pid, stdin, stdout, stderr } = child;
  if (pid !== undefined) groups.add(pid);
  const lastWords = drainStderr(stderr, log);
  // A child that is gone cannot be written to; its end is told by `ended`.
  stdin.on('error', () => undefined);
  stdout.on('error', () => undefined);

  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      if (pid === undefined) resolve(`it cannot be run (${'code' in error ? String(error.code) : error.name})`);
    });
    child.once('exit', (code, signal) => {
      // Children of the child would keep its pipes open and live on.
      if (pid !== undefined) groups.end(pid);
      const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
      const cutOff = setTimeout(() => {
        for (const stream of [stdin, stdout, stderr]) stream.destroy();
      }, lastBytesMs);
      child.once('close', () => {
        clearTimeout(cutOff);
        resolve(how);
      });
    });
  });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (pid === undefined) return;
    stdin.end();
    if (await within(ended, graceMs)) return;
    signalGroup(pid, 'SIGTERM');
    if (await within(ended, graceMs)) return;
    signalGroup(pid, 'SIGKILL');
    await ended;
  };
  return { pid, stdin, stdout, ended, lastWords, stop: () => (stopping ??= stop()) };
}

async function within(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    timer.abort();
  }
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Nobody is left in the group, or only what is already dead.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
