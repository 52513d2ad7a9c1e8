import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { writeHealthHistory, writeUpstreamHealth, type GatewayTables, type UpstreamHealth } from './store.ts';
import { faultViews, type FaultClass } from './upstreams/fault.ts';

/**
 * How each server fares, from real exchanges: `healthy` after an answer, `degraded` after a failure, `down` after
 * three in a row. Kept in memory for the gateway's own answers and written to the database when the state changes
 * and at most every half minute otherwise, so that control can show it.
 */
export class HealthBoard {
  readonly #db: Kysely<GatewayTables>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();

  constructor(deps: { db: Kysely<GatewayTables>; clock: Clock; log: Log }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  of(serverId: string): UpstreamHealth {
    const entry = this.#entries.get(serverId);
    if (entry === undefined) return { ...unknown, since: isoTime(this.#clock.now()) };
    const { state, since, lastErrorClass, latencyMs } = entry;
    return { state, since, lastErrorClass, latencyMs };
  }

  /** Take note of one exchange. */
  observe(serverId: string, fault: FaultClass | undefined, ms: number): void {
    if (fault !== undefined && !faultViews[fault].blames && !telling.has(fault)) return;
    let entry = this.#entries.get(serverId);
    if (entry === undefined) {
      entry = { ...unknown, since: '', failures: 0, writtenAt: -Infinity, history: 'unknown', historyAt: -Infinity };
      this.#entries.set(serverId, entry);
    }
    entry.failures = fault === undefined ? 0 : entry.failures + 1;
    const state = fault === undefined ? 'healthy' : entry.failures >= failuresToDown ? 'down' : 'degraded';
    if (fault === undefined) entry.latencyMs = Math.round(ms);
    else entry.lastErrorClass = fault;
    const now = this.#clock.monotonic();
    const changed = state !== entry.state;
    if (changed) {
      entry.state = state;
      entry.since = isoTime(this.#clock.now());
    }
    this.#remember(serverId, entry, now);
    if (!changed && now - entry.writtenAt < writeEveryMs) return;
    entry.writtenAt = now;
    writeUpstreamHealth(this.#db, serverId, entry, this.#clock.now()).catch((error: unknown) => {
      this.#log.warn({ err: error, serverId }, 'health cannot be written');
    });
  }

  /** A server that goes up and down with every call has a state every few seconds, not one for each call. */
  #remember(serverId: string, entry: Entry, now: number): void {
    if (entry.state === entry.history || now - entry.historyAt < historyEveryMs) return;
    entry.history = entry.state;
    entry.historyAt = now;
    writeHealthHistory(this.#db, serverId, entry).catch((error: unknown) => {
      this.#log.warn({ err: error, serverId }, 'a change of health cannot be written');
    });
  }

  forget(serverId: string): void {
    this.#entries.delete(serverId);
  }
}

interface Entry extends UpstreamHealth {
  state: UpstreamHealth['state'];
  since: string;
  lastErrorClass: string | null;
  latencyMs: number | null;
  failures: number;
  writtenAt: number;
  /** The state last added to the history, and when by the monotonic clock. */
  history: UpstreamHealth['state'];
  historyAt: number;
}

const unknown = { state: 'unknown', lastErrorClass: null, latencyMs: null } as const;
const failuresToDown = 3;
const writeEveryMs = 30_000;
const historyEveryMs = 5_000;
/** Faults that are nobody's network's fault and yet mean that the server does not work. */
const telling: ReadonlySet<FaultClass> = new Set(['address_refused', 'unauthorized', 'throttled']);
