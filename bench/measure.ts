import { cpuTimeAvailable, processTree, residentMebibytes } from './cpu.ts';
import type { LoadJob, LoadResult } from './load.ts';
import type { BenchOptions, TargetName } from './options.ts';
import type { StartedProcess } from './processes.ts';
import type { Target } from './targets.ts';

export type Method = LoadJob['method'];

/** One measured span of one target. */
export interface Sample {
  readonly target: TargetName;
  readonly method: Method;
  /** Of the run, from 0: what is compared was measured in the same one. */
  readonly round: number;
  /** Requests answered within the span. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the target's CPU time per answered request; undefined for `direct` or without /proc. */
  readonly cpuPerRequest: number | undefined;
  /** Resident memory of the target at the end, MiB. */
  readonly memory: number | undefined;
  /** Share (0 to 1) of the two cores' time used by anything that is no part of the test. */
  readonly foreign: number;
  readonly errors: number;
  readonly firstError: string | undefined;
}

/** The processes every measurement shares. */
export interface Bench {
  readonly load: StartedProcess;
  readonly upstream: StartedProcess;
  readonly cores: number;
}

/**
 * Puts load on a target without looking at the figures, so that what is measured has been compiled: V8 goes on
 * improving code for seconds of load, and the more code the longer. Targets that run no JavaScript need a moment only.
 */
export async function warmUp(bench: Bench, target: Target, options: BenchOptions): Promise<void> {
  if (options.warmUp === 0) return;
  const runsJavaScript = target.name !== 'direct' && target.name !== 'nginx';
  const seconds = runsJavaScript ? options.warmUp : Math.min(options.warmUp, 0.5);
  const load = (method: Method, share: number): Promise<unknown> =>
    runLoad(bench, { ...jobFor(bench, target, method, options), leadIn: 0, seconds: seconds * share, rate: 0 });
  await load('tools/list', 0.25);
  await load('tools/call', 0.75);
}

export async function measure(
  bench: Bench,
  target: Target,
  method: Method,
  round: number,
  options: BenchOptions,
): Promise<Sample> {
  const job = jobFor(bench, target, method, options);
  const result = await runLoad(bench, job);
  const { requests, seconds } = result;
  const known = result.targetCpu + result.upstreamCpu + result.loadCpu;
  const hasCpu = target.process !== undefined && requests > 0 && cpuTimeAvailable();
  return {
    target: target.name,
    method,
    round,
    requests,
    requestsPerSecond: requests / seconds,
    p50: result.p50,
    p99: result.p99,
    cpuPerRequest: hasCpu ? (result.targetCpu / requests) * 1e6 : undefined,
    memory: target.process === undefined ? undefined : residentMebibytes(job.targetPids),
    foreign: Math.max(0, (result.machineCpu - known) / seconds / bench.cores),
    errors: result.errors,
    firstError: result.firstError,
  };
}

function jobFor(bench: Bench, target: Target, method: Method, options: BenchOptions): LoadJob {
  return {
    url: target.url,
    ...(target.token === undefined ? {} : { token: target.token }),
    method,
    tool: target.tool,
    connections: 16,
    leadIn: 0.15,
    seconds: method === 'tools/call' ? options.callSeconds : options.listSeconds,
    rate: options.rate,
    // A list of 20 tools takes more; a result holds at least the text that was asked for.
    minReplyBytes: method === 'tools/call' ? Math.max(32, options.size) : 2_000,
    targetPids: target.process === undefined ? [] : processTree(target.process.pid),
    upstreamPids: [bench.upstream.pid],
  };
}

function runLoad({ load }: Bench, job: LoadJob): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`The load generator ended. Its output: ${load.output()}`));
    load.child.once('exit', ended);
    load.child.once('message', (result) => {
      load.child.off('exit', ended);
      resolve(result as LoadResult);
    });
    load.child.send(job);
  });
}
