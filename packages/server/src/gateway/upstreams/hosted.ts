import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { DialTarget } from '../../platform/dialer.ts';
import type { HeldSnapshot } from '../snapshots.ts';
import { UpstreamFault } from './fault.ts';

/** Record that a call waits for an instance to wake. May fail; then the call waits in vain. */
export type Wake = (instanceId: string) => Promise<void>;

export interface WakeDeps {
  readonly wake: Wake;
  /** Have it looked for what other processes have done: their nudges do not come here. Never throws. */
  readonly look: () => void;
}

type Endpoint = NonNullable<NonNullable<SnapshotServer['hosted']>['endpoint']>;

interface Waiting {
  readonly serverId: string;
  readonly done: PromiseWithResolvers<void>;
}

/** A call waits no longer than this for its server to wake. */
const patienceMs = 15_000;
/** What is waited for is looked for this often. */
const lookMs = 100;

/** Where hosted servers are at the moment. Their URLs are never dialled: an endpoint comes from the snapshot alone. */
export class HostedServers {
  readonly #deps: WakeDeps;
  readonly #waiting = new Set<Waiting>();
  #looking: NodeJS.Timeout | undefined;

  constructor(deps: WakeDeps) {
    this.#deps = deps;
  }

  /**
   * Wait until a server that sleeps, or is just starting, can be reached.
   * @throws UpstreamFault `connect` when it cannot in time, `closed` when it is gone; nothing has been sent
   */
  async awake(server: SnapshotServer): Promise<void> {
    const { hosted } = server;
    if (hosted === undefined || hosted.endpoint !== null) return;
    if (!hosted.wakes) throw notRunning();
    const waiting: Waiting = { serverId: server.id, done: Promise.withResolvers<void>() };
    this.#waiting.add(waiting);
    this.#looking ??= setInterval(this.#deps.look, lookMs);
    const timer = setTimeout(() => waiting.done.reject(notRunning()), patienceMs);
    try {
      await Promise.all([this.#deps.wake(hosted.instanceId).catch(() => undefined), waiting.done.promise]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
      if (this.#waiting.size === 0) {
        clearInterval(this.#looking);
        this.#looking = undefined;
      }
    }
  }

  /** Take in a new snapshot: who waits for one of its servers goes on, or need not wait any longer. */
  sync(workspaceId: string, held: HeldSnapshot | undefined, before: HeldSnapshot | undefined): void {
    if (this.#waiting.size === 0) return;
    const gone = new Set(before?.snapshot.servers.map(({ id }) => id));
    for (const { id, hosted } of held?.snapshot.servers ?? []) {
      gone.delete(id);
      if (hosted === undefined || (hosted.endpoint === null && hosted.wakes)) continue;
      for (const { serverId, done } of this.#waiting) {
        if (serverId !== id) continue;
        if (hosted.endpoint === null) done.reject(notRunning());
        else done.resolve();
      }
    }
    for (const { serverId, done } of this.#waiting)
      if (gone.has(serverId)) done.reject(new UpstreamFault('closed', `server of ${workspaceId} is gone`));
  }

  close(): void {
    for (const { done } of this.#waiting) done.reject(new UpstreamFault('closed', 'the gateway stops'));
  }
}

/**
 * What to dial for a server, and what the dialer may reach for it: of a hosted one exactly its endpoint, which no user
 * can set.
 * @throws Error with a code of the system while it does not run
 */
export function hostedTarget(server: SnapshotServer | undefined): {
  readonly target: Pick<DialTarget, 'secure' | 'hostname' | 'port'>;
  readonly endpoint: Endpoint;
} {
  const endpoint = server?.hosted?.endpoint ?? null;
  if (endpoint === null) throw Object.assign(new Error('The instance does not run.'), { code: 'ECONNREFUSED' });
  return { target: { secure: false, hostname: endpoint.host, port: String(endpoint.port) }, endpoint };
}

const notRunning = (): UpstreamFault => new UpstreamFault('connect', 'the instance does not run');
