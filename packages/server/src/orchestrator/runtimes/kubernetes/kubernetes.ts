import { setTimeout as sleep } from 'node:timers/promises';
import { invalidInput, unavailable } from '../../../domain/errors.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { LogLine, ObservedWorkload, Runtime, WorkloadSecrets, WorkloadSpec } from '../runtime.ts';
import type { ClusterAccess } from './access.ts';
import { openKubernetesApi, type KubernetesApi } from './api.ts';
import { createCluster, ownerOf, type Cluster } from './cluster.ts';
import { createIdentity } from './identity.ts';
import { logLines } from './log-lines.ts';
import { jobOf, networkPolicyOf, secretOf, serviceOf, workspaceOf } from './objects.ts';
import { isFinished, observe, releasedAnnotation, whyNotStarting } from './observe.ts';
import { containerName, type PodOptions } from './pod.ts';
import type { Job, PodMetrics } from './resources.ts';
import { createUsageMeter, type UsageMeter } from './usage.ts';

export interface KubernetesRuntimeOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** Id of this installation; several may share the namespace. */
  readonly install: string;
  /** Where everything is made; it holds nothing else of worth. */
  readonly namespace: string;
  /** Where the gateways run that may reach workloads. */
  readonly gatewayNamespace: string;
  readonly pods: PodOptions;
  /** Milliseconds a start is watched, so that an image that cannot be pulled is said at once; default 5,000. */
  readonly watchStartMs?: number;
}

/** What all verbs of the runtime work with. */
interface Context extends KubernetesRuntimeOptions {
  readonly api: KubernetesApi;
  readonly cluster: Cluster;
  readonly meter: UsageMeter;
}

const pollMs = 250;

/** Run workloads in a namespace of a Kubernetes cluster, as Jobs of one pod. See docs/kubernetes.md. */
export function openKubernetesRuntime(options: KubernetesRuntimeOptions): Runtime {
  const api = openKubernetesApi(options.access, options.clock);
  const cluster = createCluster(api, createIdentity(options.install), options.namespace);
  const context: Context = { ...options, api, cluster, meter: createUsageMeter() };
  const inTurn = createTurns();
  return {
    kind: 'kubernetes',
    list: (signal) => list(context, signal),
    ensureImage: async ({ name, digest }) => {
      if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw invalidInput(`The image ${name} has no digest.`);
      // The kubelet of the chosen node pulls what it lacks; that it cannot is what `start` finds out and says.
      return 'present';
    },
    start: async (spec, secrets, signal) => {
      await inTurn(() => make(context, spec, secrets, signal));
      return watchStart(context, spec, signal);
    },
    // A pod cannot be paused.
    rest: (instanceId, signal) => inTurn(() => remove(context, instanceId, signal)),
    stop: (instanceId, graceMs, signal) => stop(context, instanceId, graceMs, signal),
    remove: (instanceId, signal) => inTurn(() => remove(context, instanceId, signal)),
    logs: (instanceId, wanted, signal) => logs(context, instanceId, wanted, signal),
    usage: (instanceId, signal) => usage(context, instanceId, signal),
    [Symbol.asyncDispose]: async () => api[Symbol.dispose](),
  };
}

async function list({ cluster, meter }: Context, signal?: AbortSignal): Promise<readonly ObservedWorkload[]> {
  const { jobs, podOf, serviceOfJob, podUids } = await cluster.everything(signal);
  meter.keep(podUids);
  return jobs.map((job) => observe(job, podOf(job), serviceOfJob(job)));
}

/** See that the cluster has it as `spec` says, released to start; one that is so already is left alone. */
async function make(
  { cluster, pods, gatewayNamespace }: Context,
  spec: WorkloadSpec,
  secrets: WorkloadSecrets,
  signal?: AbortSignal,
): Promise<void> {
  if (spec.egress.length > 0) {
    throw invalidInput(
      'This server needs a way out to named hosts, which MCPNest cannot yet limit in Kubernetes; host it with the Docker runtime.',
    );
  }
  if (spec.forwards.length > 0) {
    throw invalidInput(
      'This server needs a way out to a database, which MCPNest cannot yet limit in Kubernetes; host it with the Docker runtime.',
    );
  }
  const present = await cluster.job(spec.instanceId, signal);
  const before = present === undefined ? undefined : await cluster.observe(present, signal);
  if (
    before?.specHash === spec.hash &&
    before.state !== 'exited' &&
    present?.metadata.annotations?.[releasedAnnotation] !== undefined
  ) {
    return;
  }
  if (present !== undefined) await cluster.deleteJob(present, signal);
  const job = await cluster.createJob(jobOf(spec, cluster.identity, pods), signal);
  await cluster.applyNetworkPolicy(networkPolicyOf(spec.workspaceId, cluster.identity, gatewayNamespace), signal);
  const owner = ownerOf(job);
  await cluster.replaceSecret(secretOf(spec, secrets, cluster.identity, owner), signal);
  await cluster.replaceService(serviceOf(spec, cluster.identity, owner), signal);
  await cluster.release(job, signal);
}

/** Look on until it runs, has ended, or its time is up: the loop of the orchestrator sees what comes later. */
async function watchStart(
  { cluster, clock, watchStartMs = 5_000 }: Context,
  { instanceId, image }: WorkloadSpec,
  signal?: AbortSignal,
): Promise<ObservedWorkload> {
  const deadline = clock.monotonic() + watchStartMs;
  for (;;) {
    const job = await cluster.job(instanceId, signal);
    if (job === undefined) throw unavailable('The workload was removed from the cluster while it was being started.');
    const observed = await cluster.observe(job, signal);
    if (observed.state !== 'created') return observed;
    const reason = whyNotStarting(await cluster.podOf(job, signal));
    if (reason !== undefined) throw unavailable(`${image.name}@${image.digest} does not start: ${reason}.`);
    if (clock.monotonic() > deadline) return observed;
    await sleep(pollMs, undefined, { signal });
  }
}

async function stop(context: Context, instanceId: string, graceMs: number, signal?: AbortSignal): Promise<void> {
  const job = await context.cluster.job(instanceId, signal);
  // The pod of one that has ended stays, and its log with it.
  if (job === undefined || isFinished(job)) return;
  await context.cluster.suspend(job, signal);
  await endPods(context, job, graceMs, signal);
}

/** End the pods of a Job that makes no new ones; what hangs on a lost node is struck from the records. */
async function endPods({ cluster, clock }: Context, job: Job, graceMs: number, signal?: AbortSignal): Promise<void> {
  const graceSeconds = Math.ceil(graceMs / 1000);
  const deadline = clock.monotonic() + graceSeconds * 1000 + 5_000;
  await cluster.deletePods(job, graceSeconds, signal);
  while (await cluster.hasLivePods(job, signal)) {
    if (clock.monotonic() > deadline) return cluster.deletePods(job, 0, signal);
    await sleep(pollMs, undefined, { signal });
  }
}

/** The Job goes last: as long as anything is there, the orchestrator sees it and asks again. */
async function remove(context: Context, instanceId: string, signal?: AbortSignal): Promise<void> {
  const { cluster } = context;
  const job = await cluster.job(instanceId, signal);
  if (job === undefined) return;
  await cluster.deleteSecretAndService(job, signal);
  await stop(context, instanceId, 1_000, signal);
  const workspaceId = workspaceOf(job.metadata.labels);
  if (workspaceId !== undefined && (await cluster.isLastOfWorkspace(job, workspaceId, signal))) {
    await cluster.deleteNetworkPolicy(workspaceId, signal);
  }
  await cluster.deleteJob(job, signal);
}

async function* logs(
  { api, cluster }: Context,
  instanceId: string,
  { tail, follow }: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const job = await cluster.job(instanceId, signal);
  const pod = job === undefined ? undefined : await cluster.podOf(job, signal);
  if (pod === undefined) return;
  const query = { container: containerName, timestamps: 'true', tailLines: `${tail}`, follow: `${follow}` };
  const body = await api.stream(cluster.paths.podLog(pod.metadata.name), query, signal);
  if (body === undefined) return;
  try {
    yield* logLines(body as AsyncIterable<Buffer>);
  } catch (error) {
    if (!signal.aborted) throw unavailable('The log broke off; ask for it again.', { cause: error });
  } finally {
    body.destroy();
  }
}

async function usage({ api, cluster, meter }: Context, instanceId: string, signal?: AbortSignal) {
  const job = await cluster.job(instanceId, signal);
  const pod = job === undefined ? undefined : await cluster.podOf(job, signal);
  if (pod?.status?.phase !== 'Running') return null;
  const path = cluster.paths.podMetrics(pod.metadata.name);
  // Without a metrics server there is no such API, and of a young pod there is no figure yet.
  const { status, body } = await api.send<PodMetrics>({ method: 'GET', path, accept: [404, 503], signal });
  return status === 200 ? meter.add(pod.metadata.uid ?? pod.metadata.name, body) : null;
}

/** Starts and removals one after the other: the last of a workspace takes along what the next would need. */
function createTurns(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const mine = last.then(run, run);
    last = mine.catch(() => undefined);
    return mine;
  };
}
