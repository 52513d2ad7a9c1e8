import type { ObservedWorkload } from '../runtime.ts';
import { labelNames, specHashAnnotation } from './identity.ts';
import { bridgePort, containerName } from './pod.ts';
import type { ContainerStatus, Job, Pod, Service } from './resources.ts';

/** The pod that speaks for a Job: the newest, since one that was evicted may still be listed beside its successor. */
export const newestPod = (pods: readonly Pod[]): Pod | undefined =>
  pods
    .toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))
    .at(-1);

/** What the cluster has of one workload, in the terms of the orchestrator. */
export function observe(job: Job, pod: Pod | undefined, service: Service | undefined): ObservedWorkload {
  const status = containerStatus(pod);
  const state = stateOf(job, pod, status);
  const address = service?.spec?.clusterIP;
  const terminated = status?.state?.terminated;
  return {
    instanceId: job.metadata.labels?.[labelNames.instance] ?? '',
    workspaceId: job.metadata.labels?.[labelNames.workspace] ?? '',
    specHash: job.metadata.annotations?.[specHashAnnotation] ?? '',
    state,
    exitCode: state === 'exited' ? (terminated?.exitCode ?? null) : null,
    outOfMemory: terminated?.reason === 'OOMKilled',
    startedAt: isoTime(status?.state?.running?.startedAt ?? terminated?.startedAt),
    endpoint: state === 'running' && address !== undefined ? { host: address, port: bridgePort } : null,
  };
}

/** One that is being deleted has ended as far as anybody who would call it is concerned. */
function stateOf(job: Job, pod: Pod | undefined, status: ContainerStatus | undefined): ObservedWorkload['state'] {
  if (job.metadata.deletionTimestamp !== undefined || isFinished(job)) return 'exited';
  if (pod === undefined) return isStopped(job) ? 'exited' : 'created';
  if (pod.metadata.deletionTimestamp !== undefined) return 'exited';
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 'exited';
  if (status?.state?.terminated !== undefined) return 'exited';
  return status?.state?.running === undefined ? 'created' : 'running';
}

export const isFinished = (job: Job): boolean =>
  (job.status?.conditions ?? []).some(
    ({ type, status }) => (type === 'Failed' || type === 'Complete') && status === 'True',
  );

/** Suspended by `stop`, and not one whose making was interrupted: that was never released. */
export const isStopped = (job: Job): boolean =>
  job.spec?.suspend === true && job.metadata.annotations?.[releasedAnnotation] !== undefined;

/** Set when the pod may start, because everything it needs is there. */
export const releasedAnnotation = 'mcpnest.io/released';

const refusals: Readonly<Record<string, string>> = {
  ErrImagePull: 'the image cannot be pulled',
  ImagePullBackOff: 'the image cannot be pulled',
  InvalidImageName: 'the name of the image is not one',
  ImageInspectError: 'the image cannot be read',
  ErrImageNeverPull: 'the image is not on the node, which may not pull it',
  RegistryUnavailable: 'the registry of the image does not answer',
  CreateContainerConfigError: 'its configuration was refused by the node',
  CreateContainerError: 'the node cannot create its container',
  RunContainerError: 'the node cannot run its container',
  Unschedulable: 'no node has room for it',
};

/** Why a pod that has not started will not start by itself soon; undefined: nothing is known against it. */
export function whyNotStarting(pod: Pod | undefined): string | undefined {
  const waiting = containerStatus(pod)?.state?.waiting?.reason;
  const unscheduled = pod?.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  )?.reason;
  return refusals[waiting ?? ''] ?? refusals[unscheduled ?? ''];
}

const containerStatus = (pod: Pod | undefined): ContainerStatus | undefined =>
  pod?.status?.containerStatuses?.find(({ name }) => name === containerName);

/** Kubernetes writes times without milliseconds. */
const isoTime = (time: string | undefined): string | null =>
  time === undefined || Number.isNaN(Date.parse(time)) ? null : new Date(time).toISOString();
