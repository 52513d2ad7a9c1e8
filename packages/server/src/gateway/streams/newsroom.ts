import { setTimeout as sleep } from 'node:timers/promises';
import { decide } from '../../domain/policy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { AuthorizedCall } from '../authorized-call.ts';
import type { Catalogue } from '../catalogue.ts';
import type { HeldSnapshot } from '../snapshots.ts';
import type { UpstreamListener } from '../upstreams/conversation.ts';
import { Backoff } from '../upstreams/backoff.ts';
import { UpstreamFault } from '../upstreams/fault.ts';
import type { Upstreams } from '../upstreams/pool.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { Viewer } from './seat.ts';
import type { JudgedResource, ResourceWatch, ResourceWatching } from './subscriptions.ts';

/** What is heard of one server. */
interface Desk {
  readonly serverId: string;
  upstream: Upstream;
  listening: Disposable;
  /** By the server's own URI. */
  readonly watches: Map<string, Watch>;
}

/** Times a subscription is asked for again of a server that was reconfigured: half an hour of an outage. */
const mostTakeOvers = 30;

interface Watch {
  readonly hearers: Set<() => void>;
  /** What the upstream was asked for; asked anew when the server is reached in another way. */
  asked: Promise<Disposable>;
}

export interface NewsroomDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly upstreams: Upstreams;
}

/**
 * Hears what upstreams say by themselves, in workspaces where somebody listens: a changed list is read again, an update
 * of a resource goes to those who subscribed to it.
 */
export class Newsroom implements ResourceWatching {
  readonly #deps: NewsroomDeps;
  /** By workspace: how many listen, and a desk for each of its servers. */
  readonly #rooms = new Map<string, { held: HeldSnapshot; listeners: number; readonly desks: Map<string, Desk> }>();

  constructor(deps: NewsroomDeps) {
    this.#deps = deps;
  }

  /** Somebody listens in the workspace, until disposed. */
  attend(held: HeldSnapshot): Disposable {
    const { id } = held.snapshot.workspace;
    const room = this.#rooms.get(id) ?? { held, listeners: 0, desks: new Map<string, Desk>() };
    this.#rooms.set(id, room);
    if (room.listeners++ === 0) this.sync(id, held);
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        if (--room.listeners > 0 || this.#rooms.get(id) !== room) return;
        this.#rooms.delete(id);
        for (const desk of room.desks.values()) desk.listening[Symbol.dispose]();
      },
    };
  }

  /** Take in a new snapshot of a workspace. */
  sync(workspaceId: string, held: HeldSnapshot | undefined): void {
    const room = this.#rooms.get(workspaceId);
    if (room === undefined) return;
    if (held === undefined) this.#rooms.delete(workspaceId);
    else room.held = held;
    for (const desk of room.desks.values()) {
      if (held?.serversById.has(desk.serverId) === true) continue;
      desk.listening[Symbol.dispose]();
      room.desks.delete(desk.serverId);
    }
    for (const server of held?.snapshot.servers ?? []) this.#seat(room.desks, held!, server.id);
  }

  async judge({ held, principal, server }: Viewer, uri: string): Promise<JudgedResource | undefined> {
    const target = await this.#deps.catalogue.resource(held, server, uri);
    if (target === undefined) return undefined;
    const { name, hash } = target.definition;
    const question = { serverSlug: target.server.slug, kind: 'resource', name, definition: hash } as const;
    return { target, decision: decide(held.snapshot, principal, question, this.#deps.clock.now()) };
  }

  async watch(call: AuthorizedCall, onUpdated: () => void): Promise<ResourceWatch> {
    const { held, target } = call.spend();
    const attended = this.attend(held);
    try {
      const room = this.#rooms.get(held.snapshot.workspace.id)!;
      const desk = this.#seat(room.desks, room.held, target.server.id);
      const known = desk.watches.get(target.name);
      const watch = known ?? { hearers: new Set(), asked: desk.upstream.watch(target.name) };
      desk.watches.set(target.name, watch);
      watch.hearers.add(onUpdated);
      const leave = (): void => {
        watch.hearers.delete(onUpdated);
        attended[Symbol.dispose]();
        if (watch.hearers.size > 0) return;
        if (desk.watches.get(target.name) === watch) desk.watches.delete(target.name);
        watch.asked.then(
          (asked) => asked[Symbol.dispose](),
          () => undefined,
        );
      };
      try {
        await watch.asked;
      } catch (error) {
        leave();
        throw known === undefined ? error : sentNothing(error);
      }
      return { asked: known === undefined, [Symbol.dispose]: leave };
    } catch (error) {
      attended[Symbol.dispose]();
      throw error;
    }
  }

  #seat(desks: Map<string, Desk>, held: HeldSnapshot, serverId: string): Desk {
    const upstream = this.#deps.upstreams.of(held, held.serversById.get(serverId)!);
    const known = desks.get(serverId);
    if (known?.upstream === upstream) return known;
    const watches = known?.watches ?? new Map<string, Watch>();
    const listening = upstream.listen(this.#hearing(held.snapshot.workspace.id, serverId, watches));
    known?.listening[Symbol.dispose]();
    const desk = { serverId, upstream, listening, watches };
    desks.set(serverId, desk);
    // The server is reached in another way now, where nobody has asked yet.
    for (const [uri, watch] of known === undefined ? [] : watches) {
      watch.asked = upstream.watch(uri);
      void this.#takeOver(held.snapshot.workspace.id, desk, uri, watch);
    }
    return desk;
  }

  /** Ask again until the server has answered, while somebody wants to hear of it and it is reached in this way. */
  async #takeOver(workspaceId: string, desk: Desk, uri: string, watch: Watch): Promise<void> {
    const { serverId, upstream } = desk;
    const isCurrent = (): boolean =>
      watch.hearers.size > 0 && this.#rooms.get(workspaceId)?.desks.get(serverId) === desk;
    const backoff = new Backoff();
    for (let left = mostTakeOvers; ; left--) {
      try {
        await watch.asked;
        return;
      } catch (error) {
        this.#deps.log.warn({ err: error, serverId }, 'a subscription could not be taken over');
        // What it refuses it will refuse again.
        if (left === 0 || !(error instanceof UpstreamFault) || error.fault === 'protocol') return;
      }
      await sleep(backoff.next(0, undefined), undefined, { ref: false });
      if (!isCurrent()) return;
      watch.asked = upstream.watch(uri);
    }
  }

  #hearing(workspaceId: string, serverId: string, watches: ReadonlyMap<string, Watch>): UpstreamListener {
    return {
      listChanged: (kind) => this.#deps.catalogue.reload(workspaceId, serverId, kind),
      resourceUpdated: (uri) => {
        for (const [watched, { hearers }] of watches) if (isOf(uri, watched)) for (const tell of hearers) tell();
      },
    };
  }
}

/** The same for one who only waited for what another had asked. */
function sentNothing(error: unknown): unknown {
  if (!(error instanceof UpstreamFault)) return error;
  const { fault, message, retryAfterMs } = error;
  return new UpstreamFault(fault, message, { retryAfterMs, cause: error });
}

/** An update may name a part of what was subscribed to (2026-07-28, resources "Subscriptions"). */
const isOf = (uri: string, watched: string): boolean =>
  uri === watched || uri.startsWith(watched.endsWith('/') ? watched : `${watched}/`);
