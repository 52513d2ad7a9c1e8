import { unavailable } from '../../../domain/errors.ts';
import type { ObservedWorkload } from '../runtime.ts';
import type { KubernetesApi } from './api.ts';
import { labelNames, type Identity } from './identity.ts';
import { newestPod, observe, releasedAnnotation } from './observe.ts';
import {
  pathsOf,
  type Job,
  type ManifestOf,
  type OwnerReference,
  type Paths,
  type Pod,
  type Service,
} from './resources.ts';

type Signal = AbortSignal | undefined;

/** Everything of the installation at one time. */
export interface Everything {
  readonly jobs: readonly Job[];
  readonly podOf: (job: Job) => Pod | undefined;
  readonly serviceOfJob: (job: Job) => Service | undefined;
  readonly podUids: ReadonlySet<string>;
}

/** The objects of one installation in one namespace; no other is read or changed. */
export interface Cluster {
  readonly identity: Identity;
  readonly paths: Paths;
  everything(signal?: Signal): Promise<Everything>;
  /** Undefined: there is none. */
  job(instanceId: string, signal?: Signal): Promise<Job | undefined>;
  podOf(job: Job, signal?: Signal): Promise<Pod | undefined>;
  observe(job: Job, signal?: Signal): Promise<ObservedWorkload>;
  createJob(manifest: ManifestOf<'Job'>, signal?: Signal): Promise<Job>;
  applyNetworkPolicy(manifest: ManifestOf<'NetworkPolicy'>, signal?: Signal): Promise<void>;
  /** Deleted and made anew: whoever may change a Secret is shown what is in it, and we do not want to be. */
  replaceSecret(manifest: ManifestOf<'Secret'>, signal?: Signal): Promise<void>;
  replaceService(manifest: ManifestOf<'Service'>, signal?: Signal): Promise<void>;
  /** Let its pod be made. */
  release(job: Job, signal?: Signal): Promise<void>;
  /** Let it have no pod. */
  suspend(job: Job, signal?: Signal): Promise<void>;
  deletePods(job: Job, graceSeconds: number, signal?: Signal): Promise<void>;
  hasLivePods(job: Job, signal?: Signal): Promise<boolean>;
  deleteSecretAndService(job: Job, signal?: Signal): Promise<void>;
  deleteNetworkPolicy(workspaceId: string, signal?: Signal): Promise<void>;
  isLastOfWorkspace(job: Job, workspaceId: string, signal?: Signal): Promise<boolean>;
  /** The cluster removes what it owns. */
  deleteJob(job: Job, signal?: Signal): Promise<void>;
}

export function createCluster(api: KubernetesApi, identity: Identity, namespace: string): Cluster {
  const paths = pathsOf(namespace);

  const podsOf = async ({ metadata }: Job, signal: Signal): Promise<Pod[]> => {
    const instanceId = metadata.labels?.[labelNames.instance];
    if (instanceId === undefined) return [];
    const pods = await api.list<Pod>(paths.pods(), identity.selector({ instanceId }), signal);
    return pods.filter((pod) => metadata.uid !== undefined && ownerUid(pod) === metadata.uid);
  };

  const remove = async (path: string, body: object, signal: Signal): Promise<void> => {
    await api.send({
      method: 'DELETE',
      path,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', ...body },
      accept: [404],
      signal,
    });
  };

  const suspend = async ({ metadata: { name, uid } }: Job, is: boolean, signal: Signal): Promise<void> => {
    const annotations = is ? undefined : { [releasedAnnotation]: 'true' };
    // The uid makes sure that it is still the same Job.
    const body = { metadata: { uid, annotations }, spec: { suspend: is } };
    await api.send({ method: 'PATCH', path: paths.jobs(name), patch: 'merge', body, signal });
  };

  const replace = async (collection: string, one: string, body: object, signal: Signal): Promise<void> => {
    const { status } = await api.send({ method: 'POST', path: collection, body, accept: [409], signal });
    if (status !== 409) return;
    await remove(one, {}, signal);
    await api.send({ method: 'POST', path: collection, body, signal });
  };

  return {
    identity,
    paths,
    everything: async (signal) => {
      const [jobs, pods, services] = await Promise.all([
        api.list<Job>(paths.jobs(), identity.selector(), signal),
        api.list<Pod>(paths.pods(), identity.selector(), signal),
        api.list<Service>(paths.services(), identity.selector(), signal),
      ]);
      const byOwner = Map.groupBy(pods, ownerUid);
      const byName = new Map(services.map((service) => [service.metadata.name, service]));
      return {
        jobs,
        podOf: ({ metadata }) => newestPod(byOwner.get(metadata.uid) ?? []),
        serviceOfJob: ({ metadata }) => byName.get(metadata.name),
        podUids: new Set(pods.map(({ metadata }) => metadata.uid ?? metadata.name)),
      };
    },
    job: async (instanceId, signal) => {
      const path = paths.jobs(identity.instanceName(instanceId));
      const { status, body } = await api.send<Job>({ method: 'GET', path, accept: [404], signal });
      if (status === 404) return undefined;
      if (identity.owns(body.metadata.labels)) return body;
      throw unavailable('The cluster has a Job of our name that is not ours; give MCPNest a namespace of its own.');
    },
    podOf: async (job, signal) => newestPod(await podsOf(job, signal)),
    observe: async (job, signal) => {
      const [pods, { status, body }] = await Promise.all([
        podsOf(job, signal),
        api.send<Service>({ method: 'GET', path: paths.services(job.metadata.name), accept: [404], signal }),
      ]);
      return observe(job, newestPod(pods), status === 404 ? undefined : body);
    },
    createJob: async (body, signal) => (await api.send<Job>({ method: 'POST', path: paths.jobs(), body, signal })).body,
    applyNetworkPolicy: async (body, signal) => {
      const path = paths.networkPolicies(body.metadata.name);
      await api.send({
        method: 'PATCH',
        path,
        query: { fieldManager: 'mcpnest', force: 'true' },
        patch: 'apply',
        body,
        signal,
      });
    },
    replaceSecret: (body, signal) => replace(paths.secrets(), paths.secrets(body.metadata.name), body, signal),
    replaceService: (body, signal) => replace(paths.services(), paths.services(body.metadata.name), body, signal),
    release: (job, signal) => suspend(job, false, signal),
    suspend: (job, signal) => suspend(job, true, signal),
    deletePods: async (job, gracePeriodSeconds, signal) => {
      for (const pod of await podsOf(job, signal)) {
        await remove(paths.pods(pod.metadata.name), { gracePeriodSeconds }, signal);
      }
    },
    hasLivePods: async (job, signal) =>
      (await podsOf(job, signal)).some(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'),
    deleteSecretAndService: async ({ metadata }, signal) => {
      await remove(paths.secrets(metadata.name), {}, signal);
      await remove(paths.services(metadata.name), {}, signal);
    },
    deleteNetworkPolicy: (workspaceId, signal) =>
      remove(paths.networkPolicies(identity.workspaceName(workspaceId)), {}, signal),
    isLastOfWorkspace: async ({ metadata }, workspaceId, signal) =>
      (await api.list<Job>(paths.jobs(), identity.selector({ workspaceId }), signal)).every(
        (other) => other.metadata.name === metadata.name,
      ),
    deleteJob: ({ metadata }, signal) =>
      remove(
        paths.jobs(metadata.name),
        {
          propagationPolicy: 'Background',
          ...(metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }),
        },
        signal,
      ),
  };
}

/** Says that an object is the Job's, for the cluster to remove with it. */
export const ownerOf = ({ metadata: { name, uid = '' } }: Job): OwnerReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  name,
  uid,
});

const ownerUid = (pod: Pod): string | undefined =>
  pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid;
