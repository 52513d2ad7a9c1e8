import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type {
  LogLine,
  ObservedWorkload,
  Runtime,
  WorkloadSecrets,
  WorkloadSpec,
} from '../packages/server/src/orchestrator/runtimes/runtime.ts';
import { unavailable } from '../packages/server/src/domain/errors.ts';
import { freePort } from '../scripts/lib/ports.ts';
import { bridgeBin } from './bridge.ts';
import { nodeEnvironment } from './node.ts';
import { endChild } from './upstreams/child.ts';

interface Run {
  readonly child: ChildProcess;
  readonly spec: WorkloadSpec;
  readonly port: number;
  readonly startedAt: string;
  readonly lines: LogLine[];
  readonly ended: Promise<void>;
  paused: boolean;
}

/** What a verb does before it is done, for tests that cut it short. */
export type Meddle = (verb: string, instanceId: string) => Promise<void> | void;

export interface ProcessRuntime extends Runtime {
  /** Process of an instance. */
  pidOf(instanceId: string): number | undefined;
  /** Commands and environments processes were started with, in order. */
  readonly started: readonly { readonly spec: WorkloadSpec; readonly secrets: WorkloadSecrets }[];
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * A runtime without containers: the real bridge with the real stdio server as processes of this machine, each on a
 * loopback port. What an instance is isolated by is not there; all else is as in earnest. What it runs outlives the
 * object with `keep`, as containers outlive the process that asked for them.
 */
export function createProcessRuntime(
  options: {
    readonly meddle?: Meddle;
    readonly runs?: Map<string, Run>;
    readonly keep?: boolean;
    readonly missingImage?: string;
  } = {},
): ProcessRuntime & { readonly runs: Map<string, Run> } {
  const { meddle = () => undefined, runs = new Map<string, Run>(), keep = false, missingImage } = options;
  const started: { spec: WorkloadSpec; secrets: WorkloadSecrets }[] = [];
  const observe = (run: Run): ObservedWorkload => {
    const { child, spec, port, startedAt } = run;
    const running = child.exitCode === null && child.signalCode === null;
    return {
      instanceId: spec.instanceId,
      workspaceId: spec.workspaceId,
      specHash: spec.hash,
      state: !running ? 'exited' : run.paused ? 'paused' : 'running',
      exitCode: running ? null : (child.exitCode ?? 137),
      outOfMemory: false,
      startedAt,
      endpoint: running && !run.paused ? { host: '127.0.0.1', port } : null,
    };
  };
  const goOn = (run: Run): void => {
    if (run.paused) run.child.kill('SIGCONT');
    run.paused = false;
  };
  const end = async (run: Run | undefined): Promise<void> => {
    if (run === undefined) return;
    goOn(run);
    await endChild(run.child, 3_000);
    await run.ended;
  };
  async function begin(spec: WorkloadSpec, secrets: WorkloadSecrets): Promise<Run> {
    const port = await freePort();
    const env: Record<string, string> = {
      ...nodeEnvironment,
      MCP_BRIDGE_PORT: String(port),
      MCP_BRIDGE_GRACE_MS: '300',
      MCP_BRIDGE_TOKEN: secrets.token,
      MCP_COMMAND: secrets.command.map(quoted).join(' '),
      ...spec.settings,
    };
    for (const [key, value] of Object.entries(secrets.env)) env[`MCP_ENV_${key}`] = value;
    const child = spawn(process.execPath, [bridgeBin], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: LogLine[] = [];
    const collect = (stream: 'stdout' | 'stderr'): void => {
      createInterface({ input: child[stream] }).on('line', (text) => {
        lines.push({ at: new Date().toISOString(), stream, text: text.slice(0, 8_192) });
      });
    };
    collect('stdout');
    collect('stderr');
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return { child, spec, port, startedAt: new Date().toISOString(), lines, ended, paused: false };
  }
  return {
    kind: 'docker',
    runs,
    started,
    pidOf: (instanceId) => runs.get(instanceId)?.child.pid,
    async list() {
      await meddle('list', '');
      return [...runs.values()].map(observe);
    },
    async ensureImage({ name }) {
      await meddle('ensureImage', name);
      if (name === missingImage) throw unavailable(`The image ${name} cannot be pulled: no such image.`);
      return 'present';
    },
    async start(spec, secrets) {
      const known = runs.get(spec.instanceId);
      if (known?.paused === true && known.spec.hash === spec.hash) goOn(known);
      if (known !== undefined && known.spec.hash === spec.hash && observe(known).state === 'running')
        return observe(known);
      await end(known);
      started.push({ spec, secrets });
      const run = await begin(spec, secrets);
      runs.set(spec.instanceId, run);
      await meddle('start', spec.instanceId);
      return observe(run);
    },
    async rest(instanceId) {
      const run = runs.get(instanceId);
      if (run !== undefined && observe(run).state === 'running') {
        // The server behind the bridge then has nothing to do, either.
        run.child.kill('SIGSTOP');
        run.paused = true;
      }
      await meddle('rest', instanceId);
    },
    async stop(instanceId) {
      await end(runs.get(instanceId));
      await meddle('stop', instanceId);
    },
    async remove(instanceId) {
      await end(runs.get(instanceId));
      runs.delete(instanceId);
      await meddle('remove', instanceId);
    },
    async *logs(instanceId, { tail, follow }, signal) {
      const run = runs.get(instanceId);
      if (run === undefined) return;
      let at = Math.max(0, run.lines.length - tail);
      for (;;) {
        while (at < run.lines.length) yield run.lines[at++]!;
        const over = observe(run).state === 'exited' && at === run.lines.length;
        if (!follow || signal.aborted || over) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async usage(instanceId) {
      const run = runs.get(instanceId);
      if (run === undefined || observe(run).state !== 'running') return null;
      return { cpuSeconds: (Date.now() - Date.parse(run.startedAt)) / 10_000, memoryBytes: 50_000_000, pids: 2 };
    },
    async [Symbol.asyncDispose]() {
      if (!keep) for (const run of runs.values()) await end(run);
    },
  };
}
