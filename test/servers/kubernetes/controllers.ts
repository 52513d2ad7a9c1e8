import { randomBytes } from 'node:crypto';
import { createServer, connect, type Server } from 'node:net';
import { PodProcess, type PodSpecLike } from './pod-process.ts';
import { restrictedViolations } from './restricted.ts';
import { matches, now, type Store, type StoredObject } from './store.ts';

/** What controllers, scheduler, kubelet and service proxy of a cluster do, as far as a workload of ours meets them. */
export class Controllers implements AsyncDisposable {
  readonly #store: Store;
  readonly #processes = new Map<string, PodProcess>();
  readonly #proxies = new Map<string, Server>();
  readonly #endings = new Set<Promise<unknown>>();
  readonly #network = `127.${64 + Math.floor(Math.random() * 128)}.${Math.floor(Math.random() * 256)}`;
  #addresses = 1;
  #scheduled = false;

  constructor(store: Store) {
    this.#store = store;
    store.onChange = () => {
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#reconcile();
      });
    };
  }

  process(podName: string): PodProcess | undefined {
    const pod = this.#store.get('pods', podName);
    return pod === undefined ? undefined : this.#processes.get(pod.metadata.uid);
  }

  /** An address for a Service; connections to it go to a pod that it selects. */
  async openService(service: StoredObject): Promise<string> {
    const address = `${this.#network}.${this.#addresses++}`;
    const { selector, ports } = service.spec as {
      selector: Record<string, string>;
      ports: { port: number; targetPort: number }[];
    };
    const server = createServer((socket) => {
      const pod = this.#store.all('pods').find(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          status?.['phase'] === 'Running' &&
          matches(
            metadata.labels,
            Object.entries(selector)
              .map(([name, value]) => `${name}=${value}`)
              .join(),
          ),
      );
      const target = pod === undefined ? undefined : this.#processes.get(pod.metadata.uid);
      if (target === undefined) return void socket.destroy();
      const onward = connect({ host: target.address, port: ports[0]!.targetPort });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(ports[0]!.port, address, resolve));
    this.#proxies.set(service.metadata.uid, server);
    return address;
  }

  /** Begin the end of a pod: it leaves the store when its process has gone. */
  deletePod(name: string, graceSeconds: number | undefined): void {
    const pod = this.#store.get('pods', name);
    if (pod === undefined) return;
    const process = this.#processes.get(pod.metadata.uid);
    if (process === undefined || graceSeconds === 0) {
      process?.kill();
      return this.#store.remove('pods', name);
    }
    if (pod.metadata.deletionTimestamp === undefined) {
      this.#store.merge('pods', name, { metadata: { deletionTimestamp: now() } });
    }
    const grace = graceSeconds ?? (pod.spec as unknown as PodSpecLike).terminationGracePeriodSeconds ?? 30;
    this.#track(
      process
        .end(grace)
        .then(() => process.ended)
        .then(() => this.#store.remove('pods', name)),
    );
  }

  #reconcile(): void {
    for (const job of this.#store.all('jobs')) this.#reconcileJob(job);
    this.#collectGarbage();
  }

  #reconcileJob(job: StoredObject): void {
    if (job.status?.['conditions'] !== undefined) return;
    const pods = this.#store.all('pods').filter(({ metadata }) => isOwnedBy(metadata, job));
    const spec = job.spec as { suspend?: boolean; template: { metadata: StoredObject['metadata']; spec: PodSpecLike } };
    if (spec.suspend === true) {
      for (const { metadata } of pods)
        if (metadata.deletionTimestamp === undefined) this.deletePod(metadata.name, undefined);
      return;
    }
    const made = job.status?.['startTime'] !== undefined;
    const ended = pods.find(({ status }) => status?.['phase'] === 'Failed' || status?.['phase'] === 'Succeeded');
    const gone = made && !pods.some(({ metadata }) => metadata.deletionTimestamp === undefined);
    // `backoffLimit: 0`: the first pod that ends, or is deleted, is the last.
    if (ended !== undefined || gone) {
      const type = ended?.status?.['phase'] === 'Succeeded' ? 'Complete' : 'Failed';
      this.#store.merge('jobs', job.metadata.name, { status: { conditions: [{ type, status: 'True' }] } });
    } else if (!made && restrictedViolations(spec.template.spec).length === 0) {
      this.#store.merge('jobs', job.metadata.name, { status: { startTime: now() } });
      this.#createPod(job, spec.template);
    }
  }

  #createPod(job: StoredObject, template: { metadata: StoredObject['metadata']; spec: PodSpecLike }): void {
    const { name, namespace, uid } = job.metadata;
    const pod = this.#store.create('pods', namespace, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...template.metadata,
        name: `${name}-${randomBytes(3).toString('hex')}`,
        labels: { ...template.metadata.labels, 'batch.kubernetes.io/job-name': name },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }],
      },
      spec: template.spec,
      status: { phase: 'Pending' },
    });
    this.#run(pod, template.spec);
  }

  #run(pod: StoredObject, spec: PodSpecLike): void {
    const { name, uid } = pod.metadata;
    const setStatus = (phase: string, state: object): void => {
      if (this.#store.get('pods', name)?.metadata.uid !== uid) return;
      this.#store.merge('pods', name, { status: null });
      this.#store.merge('pods', name, { status: { phase, containerStatuses: [{ name: 'bridge', state }] } });
    };
    if (spec.containers[0]!.image.includes('nowhere.invalid/')) {
      return setStatus('Pending', { waiting: { reason: 'ErrImagePull', message: 'no such host' } });
    }
    const secretName = spec.volumes?.find(({ secret }) => secret !== undefined)?.secret?.secretName ?? '';
    const data = (this.#store.get('secrets', secretName)?.['data'] ?? undefined) as Record<string, string> | undefined;
    if (data === undefined) return setStatus('Pending', { waiting: { reason: 'ContainerCreating' } });
    const files = Object.fromEntries(Object.entries(data).map(([file, text]) => [file, Buffer.from(text, 'base64')]));
    const address = `${this.#network}.${this.#addresses++}`;
    const services = this.#store.all('services').map(({ spec: service }) => String(service?.['clusterIP']));
    const process = new PodProcess(spec, files, address, [address, ...services]);
    this.#processes.set(uid, process);
    const startedAt = now();
    setStatus('Running', { running: { startedAt } });
    this.#track(
      process.ended.then((exitCode) => {
        const reason = process.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
        setStatus(exitCode === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode, reason, startedAt } });
      }),
    );
  }

  /** What is owned by an object that is no more. */
  #collectGarbage(): void {
    const uids = new Set(this.#store.all('jobs').map(({ metadata }) => metadata.uid));
    const isOrphan = ({ metadata }: StoredObject): boolean =>
      metadata.ownerReferences !== undefined && !metadata.ownerReferences.some(({ uid }) => uids.has(uid));
    for (const plural of ['secrets', 'services']) {
      for (const orphan of this.#store.all(plural).filter(isOrphan)) this.#store.remove(plural, orphan.metadata.name);
    }
    for (const { metadata } of this.#store.all('pods').filter(isOrphan)) {
      if (metadata.deletionTimestamp === undefined) this.deletePod(metadata.name, undefined);
    }
    const services = new Set(this.#store.all('services').map(({ metadata }) => metadata.uid));
    for (const [uid, server] of this.#proxies) {
      if (services.has(uid)) continue;
      server.close();
      this.#proxies.delete(uid);
    }
  }

  #track(ending: Promise<unknown>): void {
    const tracked = ending.finally(() => this.#endings.delete(tracked));
    this.#endings.add(tracked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.values()) process.kill();
    for (const server of this.#proxies.values()) server.close();
    await Promise.all(this.#endings);
  }
}

const isOwnedBy = (metadata: StoredObject['metadata'], { metadata: { uid } }: StoredObject): boolean =>
  metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
