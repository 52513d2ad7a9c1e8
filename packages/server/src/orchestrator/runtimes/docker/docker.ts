import { unavailable } from '../../../domain/errors.ts';
import type { Log } from '../../../platform/log.ts';
import type { ObservedWorkload, Runtime } from '../runtime.ts';
import { containerList, networkList, stats, type Container } from './answers.ts';
import { createContainers } from './containers.ts';
import { createEngine } from './engine.ts';
import { readLogLines } from './frames.ts';
import { createImages } from './images.ts';
import { label, namesOf } from './names.ts';
import { createNetworks } from './networks.ts';
import { isPaused, isRunning, observed } from './observed.ts';
import type { DockerOptions } from './options.ts';
import { createStarter } from './start.ts';

/** Instances looked at side by side. */
const atOnce = 8;

/** Hosted servers on a Docker engine of the gateway's own host; 0021 in docs/decisions says how they are kept apart. */
export function createDockerRuntime(options: DockerOptions, log: Log): Runtime {
  const engine = createEngine(options.socketPath);
  const names = namesOf(options.install);
  const containers = createContainers(engine, names);
  const networks = createNetworks(engine, names);
  const images = createImages(engine, log);
  const start = createStarter({ engine, names, containers, networks, images, options });

  const look = async (ids: Ids, signal?: AbortSignal): Promise<ObservedWorkload> => {
    const [workload, gate] = await Promise.all([
      containers.inspect(names.workload(ids.instanceId), 'workload', signal),
      containers.inspect(names.gate(ids.instanceId), 'gate', signal),
    ]);
    return observed(ids, workload, gate);
  };

  const workloadOf = (instanceId: string, signal?: AbortSignal): Promise<Container | undefined> =>
    containers.inspect(names.workload(instanceId), 'workload', signal);

  // The workload goes last: as long as anything is left, it or its network still shows in the list.
  const remove = async (instanceId: string, signal?: AbortSignal): Promise<void> => {
    const workload = await workloadOf(instanceId, signal);
    if (workload !== undefined) await containers.stop(workload.Id, 0, signal);
    const gate = await containers.inspect(names.gate(instanceId), 'gate', signal);
    if (gate !== undefined) await containers.remove(gate.Id, signal);
    if (workload !== undefined) await containers.remove(workload.Id, signal);
    await networks.remove(instanceId, signal);
    await networks.removeEdge(signal);
  };

  return {
    kind: 'docker',

    async list(signal) {
      const query = { all: 'true', filters: names.filter() };
      const made = await engine.call({ method: 'GET', path: '/containers/json', query, signal });
      const nets = await engine.call({ method: 'GET', path: '/networks', query: { filters: names.filter() }, signal });
      const found = new Map<string, Ids>();
      for (const { Labels } of [...containerList.parse(made.body), ...networkList.parse(nets.body)]) {
        const instanceId = Labels[label.instance];
        if (instanceId !== undefined) found.set(instanceId, { instanceId, workspaceId: Labels[label.workspace] ?? '' });
      }
      const ids = [...found.values()];
      const seen: ObservedWorkload[] = [];
      for (let next = 0; next < ids.length; next += atOnce) {
        seen.push(...(await Promise.all(ids.slice(next, next + atOnce).map((each) => look(each, signal)))));
      }
      return seen;
    },

    ensureImage: (image, signal) => images.ensure(image, signal),

    async start(spec, secrets, signal) {
      let present = await look(spec, signal);
      if (present.state === 'paused' && present.specHash === spec.hash) {
        await containers.unpause(names.workload(spec.instanceId), signal);
        present = await look(spec, signal);
      }
      if (present.state === 'running' && present.specHash === spec.hash) return present;
      await start(spec, secrets, signal);
      return await look(spec, signal);
    },

    // Its gate has nothing to do meanwhile, and goes on.
    async rest(instanceId, signal) {
      const running = await workloadOf(instanceId, signal);
      if (running !== undefined) await containers.pause(running.Id, signal);
      const paused = await workloadOf(instanceId, signal);
      if (paused === undefined || !isPaused(paused)) await remove(instanceId, signal);
    },

    async stop(instanceId, graceMs, signal) {
      const workload = await workloadOf(instanceId, signal);
      if (workload !== undefined) await containers.stop(workload.Id, graceMs, signal);
      const gate = await containers.inspect(names.gate(instanceId), 'gate', signal);
      if (gate !== undefined) await containers.stop(gate.Id, 0, signal);
    },

    remove,

    async *logs(instanceId, { tail, follow }, signal) {
      const workload = await workloadOf(instanceId, signal);
      if (workload === undefined) return;
      const wanted = { stdout: 'true', stderr: 'true', timestamps: 'true', tail: String(tail), follow: String(follow) };
      const path = `/containers/${workload.Id}/logs`;
      const answer = await engine.stream({ method: 'GET', path, query: wanted, signal });
      try {
        yield* readLogLines(answer);
      } catch (error) {
        signal.throwIfAborted();
        throw unavailable('The container engine stopped sending the log.', { cause: error });
      } finally {
        answer.destroy();
      }
    },

    async usage(instanceId, signal) {
      const workload = await workloadOf(instanceId, signal);
      if (workload === undefined || !isRunning(workload)) return null;
      const query = { stream: 'false', 'one-shot': 'true' };
      const path = `/containers/${workload.Id}/stats`;
      const answer = await engine.call({ method: 'GET', path, query, accept: [404], signal });
      if (answer.status === 404) return null;
      const { cpu_stats: cpu, memory_stats: memory, pids_stats: pids } = stats.parse(answer.body);
      // It ended in between.
      if (memory.usage === undefined || pids.current === undefined) return null;
      // Files in the cache are given back when memory is needed.
      const cached = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
      const memoryBytes = Math.max(memory.usage - cached, 0);
      return { cpuSeconds: cpu.cpu_usage.total_usage / 1e9, memoryBytes, pids: pids.current };
    },

    [Symbol.asyncDispose]: () => {
      engine[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

interface Ids {
  readonly instanceId: string;
  readonly workspaceId: string;
}
