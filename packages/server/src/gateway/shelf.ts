import type { Kysely } from 'kysely';
import { exposeNames, type NameTable, type NameTarget } from '../domain/exposed-name.ts';
import { exposeUris } from '../domain/exposed-uri.ts';
import { reservedToolNames } from '../domain/search-tools.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ListForm } from './list-kinds.ts';
import type { HeldSnapshot } from './snapshots.ts';
import { readHandedOutNames, writeHandedOutNames, type GatewayTables } from './store.ts';
import { UpstreamList } from './upstream-list.ts';
import type { Upstreams } from './upstreams/pool.ts';

/** A list that was never read may hold up its first reader this long; after that it is marked as missing. */
export const patienceMs = 3_000;
/** Names of one server that are remembered for good; one that changes its names without end must not fill the memory. */
const mostRemembered = 5_000;

export interface ShelfDeps {
  readonly db: Kysely<GatewayTables>;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every change of what could be listed in a workspace. @returns numbers that grow */
  readonly touched: (workspaceId: string) => number;
}

/** Everything of one kind in one workspace: a list of each server, and what each entry is called from outside. */
export class Shelf {
  readonly form: ListForm;
  readonly #deps: ShelfDeps;
  /** The newest snapshot: lists and names are made from it alone, whichever snapshot a caller holds. */
  #held: HeldSnapshot;
  /** Version of the snapshot the lists were made for. */
  #version = -1;
  #lists = new Map<string, UpstreamList>();
  readonly #handedOut: Map<string, NameTarget>;
  /** Names remembered of each server. */
  readonly #remembered = new Map<string, number>();
  /** Built when first needed after a change. */
  #table: NameTable | undefined;
  #generation = 0;
  /** Monotonic milliseconds when every list was last seen settled. */
  #warmAt = -Infinity;

  static async open(deps: ShelfDeps, form: ListForm, held: HeldSnapshot): Promise<Shelf> {
    const handedOut = await readHandedOutNames(deps.db, held.snapshot.workspace.id, form.kind);
    return new Shelf(deps, form, held, handedOut);
  }

  private constructor(deps: ShelfDeps, form: ListForm, held: HeldSnapshot, handedOut: Map<string, NameTarget>) {
    this.#deps = deps;
    this.form = form;
    this.#held = held;
    this.#handedOut = handedOut;
    for (const { serverId } of handedOut.values()) this.#count(serverId);
  }

  /** Version of the snapshot it was stocked from. */
  get version(): number {
    return this.#version;
  }

  /** Grows with every change of what could be listed. */
  get generation(): number {
    return this.#generation;
  }

  /** Every name that resolves, and the listed ones in order. */
  get table(): NameTable {
    if (this.#table !== undefined) return this.#table;
    const { snapshot } = this.#held;
    const servers = snapshot.servers.map(({ id, slug, prefix }) => ({
      id,
      slug,
      prefix,
      names: this.#lists.get(id)!.definitions.map((definition) => definition.name),
    }));
    const expose = this.form.identity === 'name' ? exposeNames : exposeUris;
    const reserved = this.form.kind === 'tools' ? reservedToolNames : undefined;
    const table = expose(servers, this.#handedOut, new Set(snapshot.disabledServerIds), reserved);
    this.#table = table;
    this.#remember(table);
    return table;
  }

  list(serverId: string): UpstreamList | undefined {
    return this.#lists.get(serverId);
  }

  /** Take in a newer snapshot: lists of changed servers start loading at once. */
  stock(held: HeldSnapshot): void {
    const lists = new Map<string, UpstreamList>();
    // Lists that try again at once ask it where their server is.
    this.#held = held;
    for (const server of held.snapshot.servers) {
      const known = this.#lists.get(server.id);
      if (known?.revision === server.revision) {
        known.retry();
        lists.set(server.id, known);
      } else {
        const latest = () => this.#held.serversById.get(server.id) ?? server;
        const upstream = () => this.#deps.upstreams.of(this.#held, latest());
        const resting = () => latest().hosted?.endpoint === null;
        const changed = (): void => this.#touch();
        lists.set(server.id, new UpstreamList({ ...this.#deps, form: this.form, server, upstream, resting, changed }));
      }
    }
    this.#lists = lists;
    this.#version = held.snapshot.version;
    this.#touch();
  }

  /** Let lists that have aged be read again behind the caller's back. */
  refresh(): void {
    for (const list of this.#lists.values()) list.touch();
  }

  /** Whether every list has been looked at within the last second and needs no waiting for. */
  get warm(): boolean {
    return this.#deps.clock.monotonic() - this.#warmAt < 1_000;
  }

  /** Wait for lists that were never read, at most `patienceMs`; let the others be read again when they have aged. */
  async warmUp(): Promise<void> {
    let cold: Promise<void>[] | undefined;
    for (const list of this.#lists.values()) {
      if (list.settled) list.touch();
      else (cold ??= []).push(list.ready(patienceMs));
    }
    if (cold !== undefined) await Promise.all(cold);
    if ([...this.#lists.values()].every((list) => list.settled)) this.#warmAt = this.#deps.clock.monotonic();
  }

  #touch(): void {
    this.#table = undefined;
    this.#warmAt = -Infinity;
    this.#generation = this.#deps.touched(this.#held.snapshot.workspace.id);
  }

  #remember(table: NameTable): void {
    const fresh = table.listed.filter(({ name, own, serverId }) => {
      // Of URIs only bare ones can come to mean another server's.
      if (this.form.identity !== 'name' && name !== own) return false;
      const known = this.#handedOut.get(name);
      return (known?.serverId !== serverId || known.own !== own) && this.#count(serverId);
    });
    if (fresh.length === 0) return;
    for (const { name, serverId, own } of fresh) this.#handedOut.set(name, { serverId, own });
    const { db, clock, log } = this.#deps;
    writeHandedOutNames(db, this.#held.snapshot.workspace.id, this.form.kind, fresh, clock.now()).catch(
      (error: unknown) => {
        log.warn({ err: error, list: this.form.kind }, 'handed-out names cannot be written');
      },
    );
  }

  /** @returns false when the server has used its share up */
  #count(serverId: string): boolean {
    const count = this.#remembered.get(serverId) ?? 0;
    if (count >= mostRemembered) return false;
    this.#remembered.set(serverId, count + 1);
    return true;
  }
}
