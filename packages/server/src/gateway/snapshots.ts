import type { Kysely } from 'kysely';
import { unauthenticated } from '../domain/errors.ts';
import { principalOfToken, unchangedUntil, type Principal } from '../domain/policy.ts';
import { policyBody, policyDigest } from '../domain/policy-body.ts';
import type { Snapshot, SnapshotServer } from '../domain/snapshot.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { GatewayTables } from './store.ts';
import { changedSnapshots, readSnapshot } from './store.ts';

/** A snapshot in memory with the look-ups a call needs. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot;
  readonly serversBySlug: ReadonlyMap<string, SnapshotServer>;
  readonly serversById: ReadonlyMap<string, SnapshotServer>;
  /** Names in records what was decided by; of what is held, not of what somebody says it is. */
  readonly policyDigest: string;
  /** When the database last said that this is the newest; monotonic milliseconds. */
  readonly confirmed: { readonly at: number };
}

/** A verified credential: who it is, and the workspace it opens, as of the snapshot just held. */
export interface Admission {
  readonly principal: Principal;
  /** SHA-256 of the token as lower-case hex, in bytes. */
  readonly tokenHash: Buffer;
  readonly held: HeldSnapshot;
  /** Milliseconds since the epoch; Infinity = never. */
  readonly expiresAt: number;
}

/** How often versions are compared without waiting for a nudge: a lost message costs this long, not correctness. */
const pollMs = 1_000;
/** Permission older than this is not trusted: the gateway answers 503 until the database can be read again. */
const maxAgeMs = 5 * 60_000;

/**
 * The gateway's whole knowledge of who may do what, held in memory, refreshed by nudge and by poll. A workspace is
 * swapped as a whole; a token that is not in the new snapshot stops working with the swap.
 */
export class Snapshots {
  readonly #db: Kysely<GatewayTables>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byWorkspace = new Map<string, HeldSnapshot>();
  /** By workspace, when a rule ends next; milliseconds since the epoch. */
  readonly #expiries = new Map<string, number>();
  readonly #admissions = new Map<string, Admission>();
  /** The same by the id of the token. */
  readonly #standing = new Map<string, Admission>();
  readonly #listeners: ((workspaceId: string, held: HeldSnapshot | undefined) => void)[] = [];
  readonly #subscription: Disposable;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  #again = false;
  readonly #confirmed = { at: -Infinity };

  constructor(deps: { db: Kysely<GatewayTables>; bus: Bus; clock: Clock; log: Log }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#subscription = deps.bus.subscribe('snapshot.changed', () => void this.refresh());
  }

  /** Called after each swap and when a rule has ended by itself, with undefined when a workspace is gone. */
  onChange(listener: (workspaceId: string, held: HeldSnapshot | undefined) => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    await this.#load();
    this.#timer = setInterval(() => void this.refresh(), pollMs);
    this.#timer.unref();
  }

  /** Milliseconds since the database last confirmed what is held. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#confirmed.at;
  }

  get fresh(): boolean {
    return this.ageMs <= maxAgeMs;
  }

  /**
   * @param tokenHash SHA-256 of a presented token
   * @throws AppError `unauthenticated` when no workspace knows it or it has expired
   */
  admit(tokenHash: string): Admission {
    const admission = this.#admissions.get(tokenHash);
    if (admission === undefined) throw unauthenticated('The token is not valid.');
    if (admission.expiresAt <= this.#clock.now()) throw unauthenticated('The token has expired.');
    return admission;
  }

  /** What a token that was admitted before stands for now; undefined when it has been revoked or has expired. */
  standing(tokenId: string): Admission | undefined {
    const admission = this.#standing.get(tokenId);
    return admission === undefined || admission.expiresAt <= this.#clock.now() ? undefined : admission;
  }

  /** Compare versions and take in what changed. Never rejects; concurrent calls share one run. */
  async refresh(): Promise<void> {
    this.#again = true;
    this.#refreshing ??= this.#drain().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#subscription[Symbol.dispose]();
  }

  async #drain(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        this.#announceExpiries();
        await this.#load();
      } catch (error) {
        this.#log.error({ err: error, ageMs: Math.round(this.ageMs) }, 'snapshots cannot be read');
      }
    }
  }

  async #load(): Promise<void> {
    const versions = await changedSnapshots(this.#db);
    const present = new Set(versions.map((row) => row.workspace_id));
    for (const { workspace_id: id, version } of versions) {
      if (this.#byWorkspace.get(id)?.snapshot.version === version) continue;
      const snapshot = await readSnapshot(this.#db, id);
      if (snapshot !== undefined) this.#take(id, snapshot);
    }
    for (const id of this.#byWorkspace.keys()) if (!present.has(id)) this.#take(id, undefined);
    this.#confirmed.at = this.#clock.monotonic();
  }

  /** A rule that has ended decides nothing from that moment on; whoever listens hears of it here. */
  #announceExpiries(): void {
    const now = this.#clock.now();
    for (const [id, expiry] of this.#expiries) {
      const held = this.#byWorkspace.get(id);
      if (expiry > now || held === undefined) continue;
      this.#expiries.set(id, unchangedUntil(held.snapshot, now));
      for (const listener of this.#listeners) listener(id, held);
    }
  }

  #take(id: string, snapshot: Snapshot | undefined): void {
    const old = this.#byWorkspace.get(id);
    for (const token of old?.snapshot.tokens ?? []) {
      this.#admissions.delete(token.hash);
      this.#standing.delete(token.id);
    }
    const held = snapshot === undefined ? undefined : hold(snapshot, this.#confirmed);
    this.#expiries.delete(id);
    if (held === undefined) this.#byWorkspace.delete(id);
    else {
      this.#byWorkspace.set(id, held);
      const expiry = unchangedUntil(held.snapshot, this.#clock.now());
      if (expiry < Infinity) this.#expiries.set(id, expiry);
      for (const token of held.snapshot.tokens) {
        const principal = principalOfToken(id, token);
        const expiresAt = token.expiresAt === null ? Infinity : Date.parse(token.expiresAt);
        const admission = { principal, tokenHash: Buffer.from(token.hash, 'latin1'), held, expiresAt };
        this.#admissions.set(token.hash, admission);
        this.#standing.set(token.id, admission);
      }
    }
    for (const listener of this.#listeners) listener(id, held);
  }
}

function hold(snapshot: Snapshot, confirmed: HeldSnapshot['confirmed']): HeldSnapshot {
  return {
    snapshot,
    serversBySlug: new Map(snapshot.servers.map((server) => [server.slug, server])),
    serversById: new Map(snapshot.servers.map((server) => [server.id, server])),
    policyDigest: policyDigest(policyBody(snapshot)),
    confirmed,
  };
}
