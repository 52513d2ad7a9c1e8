import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import { startGoverned } from './governed.ts';
import { startNginx } from './nginx.ts';
import type { BenchOptions, TargetName } from './options.ts';
import { startProcess, type StartedProcess } from './processes.ts';

/** What stands between the load generator and the upstream, ready to be measured. */
export interface Target {
  readonly name: TargetName;
  readonly url: string;
  readonly token?: string;
  /** The name the upstream's `echo` has here. */
  readonly tool: string;
  /** Undefined for `direct`: nothing in between. */
  readonly process: StartedProcess | undefined;
  /** Tool calls recorded by now, for a target that keeps records. */
  readonly recorded?: () => number;
}

/** Targets have one core for themselves; upstream and load generator share the other. */
export interface Cores {
  readonly target: number | undefined;
  readonly rest: number | undefined;
}

export const chooseCores = (): Cores =>
  availableParallelism() >= 2 && existsSync('/usr/bin/taskset')
    ? { target: 1, rest: 0 }
    : { target: undefined, rest: undefined };

/** Starts one of our own Node programs and gives the port it listens on. */
export async function startNode(
  folder: string,
  name: string,
  file: string,
  args: readonly string[],
  core: number | undefined,
): Promise<{ process: StartedProcess; port: number }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const started = startProcess(folder, { name, command: process.execPath, args: [path, ...args], core, channel: true });
  const { port } = (await started.firstMessage()) as { port: number };
  return { process: started, port };
}

export async function startTarget(
  name: TargetName,
  folder: string,
  upstreamPort: number,
  cores: Cores,
  { profile, against }: Pick<BenchOptions, 'profile' | 'against'>,
): Promise<Target> {
  const origin = `http://127.0.0.1:${upstreamPort}`;
  if (name === 'direct') return { name, url: `${origin}/mcp`, tool: 'echo', process: undefined };
  if (name === 'nginx') return { name, tool: 'echo', ...(await startNginx(folder, upstreamPort, cores.target)) };
  if (name === 'node-pipe') {
    const pipe = await startNode(folder, name, './node-pipe.ts', [origin], cores.target);
    return { name, url: `http://127.0.0.1:${pipe.port}/mcp`, tool: 'echo', process: pipe.process };
  }
  const auditMode = name === 'governed-strict' ? 'strict' : 'available';
  const journalOff = name === 'governed-journal-off';
  const governed = await startGoverned({
    name,
    folder,
    upstreamUrl: `${origin}/mcp`,
    core: cores.target,
    auditMode,
    journalOff,
    checkout: name === 'governed-against' ? against! : fileURLToPath(new URL('..', import.meta.url)),
    profile,
  });
  return { name, ...governed };
}

/** Waits until a tools/call of `echo` comes back good through the target; an error with the last reply after 15 s. */
export async function untilReady(target: Target): Promise<void> {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: target.tool, arguments: { message: 'ready?' } },
  });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }),
  };
  let last = 'no reply';
  for (const until = performance.now() + 15_000; performance.now() < until;) {
    try {
      const reply = await fetch(target.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(3_000) });
      last = `${reply.status} ${(await reply.text()).slice(0, 300)}`;
      if (reply.ok && last.includes('"result"') && !last.includes('"isError":true')) return;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const output = target.process === undefined ? '' : ` Its output: ${target.process.output()}`;
  throw new Error(`${target.name} answered no tools/call within 15 s; last: ${last}.${output}`);
}
