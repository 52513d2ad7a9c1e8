import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AllowEntry, Dialer } from '../../platform/dialer.ts';
import type { CountedEvent } from '../../platform/event-counts.ts';
import { HttpClient } from '../../platform/http1/client.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { HealthBoard } from '../health.ts';
import type { HeldSnapshot } from '../snapshots.ts';
import { connectionsFor, streamsFor } from './connection.ts';
import { UpstreamFault } from './fault.ts';
import { openCredential } from './headers.ts';
import { HostedServers, hostedTarget, type WakeDeps } from './hosted.ts';
import { Upstream, upstreamKey } from './upstream.ts';

export interface UpstreamsDeps extends WakeDeps {
  readonly dialer: Dialer;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly health: HealthBoard;
  /** Put on record that a secret was used. Never throws, never waits. */
  readonly noteEvent: (event: CountedEvent) => void;
}

/**
 * All upstreams in use, one per (workspace, server, address, credential), so that no connection or session is
 * ever shared across any of them. A changed or removed server loses its connections with the snapshot.
 */
export class Upstreams {
  readonly #deps: UpstreamsDeps;
  /** Newest snapshot seen of each workspace. */
  readonly #current = new Map<string, HeldSnapshot | undefined>();
  readonly #open = new Map<string, { workspaceId: string; upstream: Upstream }>();

  readonly #met = new WeakMap<SnapshotServer, Upstream>();
  readonly #hosted: HostedServers;

  constructor(deps: UpstreamsDeps) {
    this.#deps = deps;
    this.#hosted = new HostedServers(deps);
  }

  /** Wait until a hosted server that sleeps can be reached. @throws UpstreamFault with nothing sent */
  awake(held: HeldSnapshot, server: SnapshotServer): Promise<void> {
    const now = this.#current.get(held.snapshot.workspace.id) ?? held;
    return this.#hosted.awake(now.serversById.get(server.id) ?? server);
  }

  /**
   * The upstream of a server in this snapshot.
   * @throws UpstreamFault `closed` when a newer snapshot no longer has it so
   */
  of(held: HeldSnapshot, server: SnapshotServer): Upstream {
    // A server object belongs to one snapshot, so most calls are spared the key.
    const met = this.#met.get(server);
    if (met?.closed === false) return met;
    const workspaceId = held.snapshot.workspace.id;
    const key = upstreamKey(workspaceId, server);
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#met.set(server, known.upstream);
      return known.upstream;
    }
    const current = this.#current.has(workspaceId) ? this.#current.get(workspaceId) : held;
    if (current === undefined || held.snapshot.version < current.snapshot.version) {
      throw new UpstreamFault('closed', 'the workspace changed since the call was judged');
    }
    const { dialer, vault, clock, health, noteEvent } = this.#deps;
    const { protocol, hostname, port, host } = new URL(server.url);
    const allow = (): readonly AllowEntry[] =>
      this.#current.get(workspaceId)?.snapshot.networkAllow ?? held.snapshot.networkAllow;
    const open = (connections: number): HttpClient =>
      new HttpClient({
        connect: async (onread) => {
          if (server.hosted === undefined)
            return dialer.dial({ secure: protocol === 'https:', hostname, port, onread }, allow);
          const now = this.#current.get(workspaceId) ?? held;
          const { target, endpoint } = hostedTarget(now.serversById.get(server.id));
          return dialer.dial({ ...target, onread }, () => [endpoint]);
        },
        host,
        clock,
        connections,
      });
    const upstream = new Upstream({
      server,
      client: open(connectionsFor(server.limits)),
      openStreams: () => open(streamsFor),
      credential: openCredential(server, vault),
      clock,
      observe: (fault, ms) => health.observe(server.id, fault, ms),
    });
    // Opened here and for all who come later: one event for each revision of a credential, and start.
    if (server.credential !== null) {
      const target = `server:${server.id}/credential:${server.credential.id}`;
      noteEvent({ workspaceId, actor: 'gateway', action: 'credentials.use', target });
    }
    this.#open.set(key, { workspaceId, upstream });
    this.#met.set(server, upstream);
    return upstream;
  }

  /** Close what the new snapshot of a workspace no longer has, and what was reached by an allow entry that is gone. */
  sync(workspaceId: string, held: HeldSnapshot | undefined): void {
    const last = this.#current.get(workspaceId);
    const before = last?.snapshot.networkAllow ?? [];
    this.#current.set(workspaceId, held);
    this.#hosted.sync(workspaceId, held, last);
    const wanted = new Map(held?.snapshot.servers.map((server) => [upstreamKey(workspaceId, server), server]));
    const now = new Set(held?.snapshot.networkAllow.map(({ host, port }) => `${host} ${port}`));
    const closedPorts = new Set(before.filter(({ host, port }) => !now.has(`${host} ${port}`)).map(({ port }) => port));
    for (const [key, entry] of this.#open) {
      if (entry.workspaceId !== workspaceId) continue;
      const server = wanted.get(key);
      if (server !== undefined && !closedPorts.has(portOf(server.url))) {
        entry.upstream.adopt(server);
        continue;
      }
      this.#open.delete(key);
      entry.upstream.close();
      if (held?.serversById.has(entry.upstream.server.id) !== true) this.#deps.health.forget(entry.upstream.server.id);
    }
  }

  /** A client conversation of a workspace is over. */
  endConversation(workspaceId: string, key: string): void {
    for (const entry of this.#open.values()) if (entry.workspaceId === workspaceId) entry.upstream.endConversation(key);
  }

  close(): void {
    this.#hosted.close();
    for (const { upstream } of this.#open.values()) upstream.close();
    this.#open.clear();
  }
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
