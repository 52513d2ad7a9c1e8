import type { Kysely } from 'kysely';
import { newId } from '../domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import { isoTime } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { clip } from '../platform/text.ts';
import { writeConnections } from './connection-store.ts';
import type { Exchanged } from './inbound.ts';
import type { GatewayTables } from './store.ts';
import type { Seat, Viewer } from './streams/seat.ts';

/** How long news of a client wait, so that those of many are written together. */
const newsAfterMs = 500;
/** How exact the time is at which a client was heard of last. */
const timesAfterMs = 60_000;
/** A list that was read is looked at after this long, and changes of what could be listed together. */
const lookAfterMs = 250;
const perToken = 20;
const most = 20_000;

/** What a client says of itself. */
export interface ClientInfo {
  readonly name: string | null;
  readonly version: string | null;
}

/** A client at a URL with a token, as the gateway knows it. */
interface Known {
  readonly id: string;
  readonly seat: Seat;
  readonly client: string;
  readonly version: string;
  readonly era: Exchanged['era']['kind'];
  revision: string;
  readonly firstAt: number;
  lastAt: number;
  listedAt: number | undefined;
  /** Fingerprint of the tools it has read; undefined until it was looked at. */
  seen: string | undefined;
  staleSince: number | undefined;
}

/**
 * Which clients come with which token, and whether each has read the tools it would be shown now. Noted when a client
 * introduces itself and when it reads a list, never with a call, and written in batches. It is for people to look at:
 * nothing is decided by it.
 */
export class Connections {
  readonly #deps: ConnectionsDeps;
  /** By who and where; those heard of last come last. */
  readonly #known = new Map<string, Known>();
  readonly #perToken = new Map<string, number>();
  readonly #dirty = new Set<Known>();
  /** Workspaces in which what could be listed may have changed. */
  readonly #changed = new Set<string>();
  #writeTimer: NodeJS.Timeout | undefined;
  /** When that goes off. */
  #writeAt = Infinity;
  #lookTimer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  /**
   * A client has introduced itself, or asked for something that is not a call.
   * @param listed whether it reads its tools
   */
  note(call: Exchanged, info: ClientInfo, listed: boolean): void {
    const { principal, server, era, tools } = call;
    const [client, version] = [clip(info.name ?? '', 128), clip(info.version ?? '', 64)];
    const key = JSON.stringify([principal.tokenId, server?.id ?? '', client, version, era.kind]);
    const now = this.#deps.clock.now();
    let known = this.#known.get(key);
    if (known === undefined) {
      this.#makeRoom(principal.tokenId);
      known = {
        ...{ id: newId(now), client, version, era: era.kind, revision: era.version, firstAt: now, lastAt: now },
        seat: { workspaceId: principal.workspaceId, tokenId: principal.tokenId, serverId: server?.id, tools },
        ...{ listedAt: undefined, seen: undefined, staleSince: undefined },
      };
      this.#perToken.set(principal.tokenId, (this.#perToken.get(principal.tokenId) ?? 0) + 1);
    }
    this.#known.delete(key);
    this.#known.set(key, known);
    known.lastAt = now;
    known.revision = era.version;
    const news = known.firstAt === now || (listed && (known.listedAt === undefined || known.staleSince !== undefined));
    if (listed) {
      known.listedAt = now;
      known.seen = known.staleSince = undefined;
      this.#lookSoon();
    }
    this.#writeSoon(known, news ? newsAfterMs : timesAfterMs);
  }

  /** What could be listed in a workspace may have changed. */
  touch(workspaceId: string): void {
    this.#changed.add(workspaceId);
    this.#lookSoon();
  }

  /** Write what was noted. Never rejects: what cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#writeTimer);
    this.#writeAt = Infinity;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#lookTimer);
    await this.flush();
  }

  #makeRoom(tokenId: string): void {
    const full = (this.#perToken.get(tokenId) ?? 0) >= perToken;
    if (!full && this.#known.size < most) return;
    for (const [key, { seat }] of this.#known) {
      if (full && seat.tokenId !== tokenId) continue;
      this.#known.delete(key);
      const left = (this.#perToken.get(seat.tokenId) ?? 1) - 1;
      if (left === 0) this.#perToken.delete(seat.tokenId);
      else this.#perToken.set(seat.tokenId, left);
      return;
    }
  }

  #writeSoon(known: Known, afterMs: number): void {
    this.#dirty.add(known);
    const at = this.#deps.clock.monotonic() + afterMs;
    if (at >= this.#writeAt) return;
    clearTimeout(this.#writeTimer);
    this.#writeAt = at;
    this.#writeTimer = setTimeout(() => void this.flush(), afterMs).unref();
  }

  #lookSoon(): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      const changed = new Set(this.#changed);
      this.#changed.clear();
      void this.#look(changed);
    }, lookAfterMs).unref();
  }

  /** Compare what each has read with what it would be shown. Never rejects. */
  async #look(changed: ReadonlySet<string>): Promise<void> {
    const { viewer, fingerprint, clock, log } = this.#deps;
    for (const known of [...this.#known.values()]) {
      if (known.listedAt === undefined) continue;
      if (known.seen !== undefined && !changed.has(known.seat.workspaceId)) continue;
      const who = viewer(known.seat);
      if (who === undefined) continue;
      const { listedAt } = known;
      let now: string;
      try {
        now = await fingerprint(who);
      } catch (error) {
        log.warn({ err: error }, 'the tools of a client cannot be looked at');
        continue;
      }
      // It has read them again meanwhile, and is looked at again for that.
      if (known.listedAt !== listedAt) continue;
      known.seen ??= now;
      const stale = known.seen !== now;
      if (stale === (known.staleSince !== undefined)) continue;
      known.staleSince = stale ? clock.now() : undefined;
      this.#writeSoon(known, newsAfterMs);
    }
  }

  async #write(): Promise<void> {
    if (this.#dirty.size === 0) return;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    const rows = dirty.map(({ seat, ...known }) => ({
      ...{ id: known.id, workspace_id: seat.workspaceId, token_id: seat.tokenId, server_id: seat.serverId ?? '' },
      ...{ client: known.client, version: known.version, era: known.era, revision: known.revision },
      first_at: isoTime(known.firstAt),
      last_at: isoTime(known.lastAt),
      listed_at: known.listedAt === undefined ? null : isoTime(known.listedAt),
      stale_since: known.staleSince === undefined ? null : isoTime(known.staleSince),
    }));
    try {
      await writeConnections(this.#deps.db, rows, perToken);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'connections of clients cannot be written');
      for (const known of dirty) this.#dirty.add(known);
    }
  }
}

export interface ConnectionsDeps {
  readonly db: Kysely<GatewayTables>;
  readonly clock: Clock;
  readonly log: Log;
  /** Who sits there now; undefined when they may be there no longer. */
  readonly viewer: (seat: Seat) => Viewer | undefined;
  /** Equal for equal lists of tools. */
  readonly fingerprint: (viewer: Viewer) => Promise<string>;
}
