import { setImmediate as turn } from 'node:timers/promises';
import { viewKey } from '../../domain/policy.ts';
import { ascii, type ByteString } from '../../platform/byte-string.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { AnnouncedKind } from '../list-kinds.ts';
import { Registry } from '../registry.ts';
import type { HeldSnapshot } from '../snapshots.ts';
import type { Seat, Viewer } from './seat.ts';

/** What is said when a list has changed. */
export const listChangedMethod = (kind: AnnouncedKind): ByteString => ascii(`notifications/${kind}/list_changed`);

/** Tells what somebody would be shown if they asked now. */
export interface ListSource {
  /** Equal for equal lists. @throws when the lists cannot be read */
  fingerprint(viewer: Viewer): Promise<string>;
}

export interface ListListener extends Seat {
  readonly kinds: readonly AnnouncedKind[];
  /** Whether it could hear us now. One that could not is told when it is back, if its list has changed meanwhile. */
  present(): boolean;
  changed(kind: AnnouncedKind): void;
}

interface Ear {
  readonly listener: ListListener;
  /** What the listener was last told of, or could see when it came. */
  readonly seen: Map<AnnouncedKind, string>;
  readonly toldAt: Map<AnnouncedKind, number>;
}

interface Room {
  readonly ears: Registry<Ear>;
  /** Changes are heard of while somebody listens. */
  readonly attended: Disposable | undefined;
  /** Those whose lists have not been looked at yet. */
  fresh: Ear[];
  timer: NodeJS.Timeout | undefined;
}

/** Changes within this time are told together. */
const debounceMs = 250;
/** A listener hears of one kind of list no more often. */
const quietMs = 1_000;
/** Upstreams that do not announce their changes are asked again while somebody listens. */
const refreshMs = 60_000;

/**
 * Tells listeners that a list has changed, and only those whose own list has: each listener's list is what it would be
 * shown, so a rule that changes is a change, and an upstream that goes and comes back with the same tools is none.
 */
export class ListChanges {
  readonly #deps: ListChangesDeps;
  readonly #rooms = new Map<string, Room>();

  constructor(deps: ListChangesDeps) {
    this.#deps = deps;
  }

  /** The lists whose changes are told. */
  get kinds(): readonly AnnouncedKind[] {
    return [...this.#deps.sources.keys()];
  }

  /** Have aged lists looked at while somebody listens. */
  start(): Disposable {
    const timer = setInterval(() => {
      for (const room of this.#rooms.values()) {
        const somebody = room.ears.values().find(({ listener }) => listener.present());
        const who = somebody === undefined ? undefined : this.#deps.viewer(somebody.listener);
        if (who !== undefined) this.#deps.refresh(who.held);
      }
    }, refreshMs);
    timer.unref();
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        for (const room of this.#rooms.values()) clearTimeout(room.timer);
      },
    };
  }

  /** @returns what takes the listener out again */
  add(listener: ListListener): () => void {
    const { workspaceId } = listener;
    let room = this.#rooms.get(workspaceId);
    if (room === undefined) {
      const held = this.#deps.viewer(listener)?.held;
      const attended = held === undefined ? undefined : this.#deps.attend(held);
      this.#rooms.set(workspaceId, (room = { ears: new Registry(), attended, fresh: [], timer: undefined }));
    }
    const { ears } = room;
    const ear: Ear = { listener, seen: new Map(), toldAt: new Map() };
    const leave = ears.add(ear);
    // What it can see now is what a change is measured by.
    if (room.fresh.push(ear) === 1) void turn(room).then((at) => this.#compare(workspaceId, at.fresh.splice(0)));
    return () => {
      leave();
      if (ears.size > 0 || this.#rooms.get(workspaceId)?.ears !== ears) return;
      const empty = this.#rooms.get(workspaceId);
      clearTimeout(empty?.timer);
      empty?.attended?.[Symbol.dispose]();
      this.#rooms.delete(workspaceId);
    };
  }

  /** Something that could change a list of the workspace has happened, or a listener is back. */
  touch(workspaceId: string): void {
    this.#schedule(workspaceId, debounceMs);
  }

  #schedule(workspaceId: string, afterMs: number): void {
    const room = this.#rooms.get(workspaceId);
    if (room === undefined || room.timer !== undefined) return;
    room.timer = setTimeout(() => {
      room.timer = undefined;
      void this.#compare(workspaceId, room.ears.values());
    }, afterMs);
    room.timer.unref();
  }

  /** Never rejects. */
  async #compare(workspaceId: string, ears: readonly Ear[]): Promise<void> {
    const { clock, viewer } = this.#deps;
    // Listeners for whom the policy means the same see the same.
    const known = new Map<string, string | undefined>();
    let again = Infinity;
    for (const ear of ears) {
      const { listener } = ear;
      const who = listener.present() ? viewer(listener) : undefined;
      if (who === undefined) continue;
      for (const kind of listener.kinds) {
        const key = `${kind}/${listener.serverId ?? ''}/${listener.tools ?? ''}/${viewKey(who.held.snapshot, who.principal)}`;
        if (!known.has(key)) known.set(key, await this.#fingerprint(kind, who));
        const now = known.get(key);
        const before = ear.seen.get(kind);
        if (now === undefined || now === before) continue;
        const wait = (ear.toldAt.get(kind) ?? -Infinity) + quietMs - clock.monotonic();
        if (before !== undefined && wait > 0) {
          again = Math.min(again, wait);
          continue;
        }
        ear.seen.set(kind, now);
        if (before === undefined) continue;
        ear.toldAt.set(kind, clock.monotonic());
        listener.changed(kind);
      }
    }
    if (again < Infinity) this.#schedule(workspaceId, again);
  }

  /** @returns undefined when the list cannot be told now */
  async #fingerprint(kind: AnnouncedKind, who: Viewer): Promise<string | undefined> {
    // Many tokens, long lists: calls go first.
    await turn();
    try {
      return await this.#deps.sources.get(kind)?.fingerprint(who);
    } catch (error) {
      this.#deps.log.warn({ err: error, kind }, 'the list of a listener cannot be looked at');
      return undefined;
    }
  }
}

export interface ListChangesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sources: ReadonlyMap<AnnouncedKind, ListSource>;
  readonly viewer: (seat: Seat) => Viewer | undefined;
  /** Hear what the servers of a workspace say by themselves, until disposed. */
  readonly attend: (held: HeldSnapshot) => Disposable;
  /** Have the lists of a workspace read again where they have aged. */
  readonly refresh: (held: HeldSnapshot) => void;
}
