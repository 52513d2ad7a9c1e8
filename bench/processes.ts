import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree, startedAt } from './cpu.ts';

export interface StartOptions {
  /** For messages and the log file. */
  name: string;
  command: string;
  args: readonly string[];
  /** The core to stay on; undefined = wherever the kernel likes. */
  core?: number | undefined;
  /** The whole environment; ours when left out. */
  env?: Record<string, string>;
  /** Opens a channel for messages (Node children only). */
  channel?: boolean;
}

export interface StartedProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** The last lines it printed. */
  output(): string;
  /** The first message it sends; an error with its output when it ends or stays silent for 20 s. */
  firstMessage(): Promise<unknown>;
}

/** Everything started and not yet ended; emptied by `endEverything` on any way out. */
const running = new Set<StartedProcess>();

/** Starts a process whose output goes to a file in `folder`. Disposing ends it and all its descendants. */
export function startProcess(folder: string, options: StartOptions): StartedProcess {
  const logFile = join(folder, `${options.name}-${running.size}.log`);
  const log = openSync(logFile, 'w', 0o600);
  const pinned = options.core === undefined ? [] : ['taskset', '-c', String(options.core)];
  // Ends the process with us even when we are killed outright; Node children notice their closed channel.
  const bound = options.channel === true || !existsSync('/usr/bin/setpriv') ? [] : ['setpriv', '--pdeathsig', 'TERM'];
  const [command, ...args] = [...bound, ...pinned, options.command, ...options.args];
  const child = spawn(command!, args, {
    env: options.env ?? process.env,
    stdio: ['ignore', log, log, ...(options.channel === true ? (['ipc'] as const) : [])],
  });
  closeSync(log);
  const output = (): string => readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n').trim();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const started: StartedProcess = {
    name: options.name,
    pid: child.pid ?? 0,
    child,
    output,
    firstMessage: () =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${options.name} ${why}. Its output: ${output() || 'none'}`));
        const timer = setTimeout(() => fail('said nothing for 20 s'), 20_000);
        child.once('message', resolve);
        child.once('error', (error) => fail(`cannot start (${error.message})`));
        child.once('exit', (code) => fail(`ended with ${code}`));
        void ended.then(() => clearTimeout(timer));
        child.once('message', () => clearTimeout(timer));
      }),
    async [Symbol.asyncDispose]() {
      if (!running.delete(started) || child.pid === undefined) return;
      const tree = identities(child.pid);
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
      end(tree);
      await Promise.race([ended, sleep(2_000, undefined, { ref: false })]);
    },
  };
  running.add(started);
  return started;
}

/** Ends at once whatever still runs; for signals and fatal errors, where nothing can be awaited. */
export function endEverything(): void {
  for (const { child } of running) if (child.pid !== undefined) end(identities(child.pid));
  running.clear();
}

/** A pid may be taken over once its process is gone; together with its time of birth it may not. */
type Identity = readonly [pid: number, born: string | undefined];

const identities = (root: number): Identity[] => processTree(root).map((pid) => [pid, startedAt(pid)]);

function end(tree: readonly Identity[]): void {
  for (const [pid, born] of tree) {
    if (startedAt(pid) !== born) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}
