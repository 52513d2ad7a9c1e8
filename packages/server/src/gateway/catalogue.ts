import type { Kysely } from 'kysely';
import { decide, type Principal } from '../domain/policy.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import { nameTools, type NameTable, type NameTarget } from '../domain/tool-name.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ToolDefinition } from './definitions.ts';
import type { HeldSnapshot } from './snapshots.ts';
import { readHandedOutNames, writeHandedOutNames, type GatewayTables } from './store.ts';
import { ToolList } from './tool-list.ts';
import type { Upstreams } from './upstreams/pool.ts';

/** A tool a call can mean. */
export interface CatalogueTool {
  readonly server: SnapshotServer;
  readonly definition: ToolDefinition;
}

export interface CatalogueEntry extends CatalogueTool {
  /** The name it is listed under. */
  readonly name: string;
}

interface Shelf {
  /** The newest snapshot: lists and names are made from it alone, whichever snapshot a caller holds. */
  held: HeldSnapshot;
  /** Version of the snapshot the lists were made for. */
  version: number;
  lists: Map<string, ToolList>;
  handedOut: Map<string, NameTarget>;
  /** Built when first needed after a change. */
  table: NameTable | undefined;
  /** Grows with every change of what could be listed. */
  generation: number;
  /** Monotonic milliseconds when every list was last seen settled. */
  warmAt: number;
}

export interface CatalogueDeps {
  readonly db: Kysely<GatewayTables>;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when what could be listed in a workspace has changed. */
  readonly changed: (workspaceId: string) => void;
}

/** A list that was never read may hold up its first reader this long; after that it is marked as missing. */
const patienceMs = 3_000;

/**
 * Every tool of every workspace, from memory. Definitions are the upstreams' own and shared by all callers; who may
 * see which is decided anew for each caller and never kept here.
 */
export class Catalogue {
  readonly #deps: CatalogueDeps;
  readonly #shelves = new Map<string, Promise<Shelf> | Shelf>();

  constructor(deps: CatalogueDeps) {
    this.#deps = deps;
  }

  /** The tool an exposed name means in the whole workspace. Waits only while a list was never read. */
  resolve(held: HeldSnapshot, name: string): CatalogueTool | undefined | Promise<CatalogueTool | undefined> {
    const shelf = this.#shelves.get(held.snapshot.workspace.id);
    if (shelf === undefined || shelf instanceof Promise || shelf.version < held.snapshot.version) {
      return this.#resolveCold(held, name);
    }
    const target = this.#table(shelf).targets.get(name);
    if (!this.#isWarm(shelf)) {
      // What is known is served; the lists are looked at behind the caller's back.
      if (target === undefined) return this.#resolveCold(held, name);
      void this.#warm(shelf);
    }
    return target === undefined ? undefined : this.#tool(shelf, held, target);
  }

  async #resolveCold(held: HeldSnapshot, name: string): Promise<CatalogueTool | undefined> {
    const shelf = await this.#shelf(held);
    await this.#warm(shelf);
    const target = this.#table(shelf).targets.get(name);
    return target === undefined ? undefined : this.#tool(shelf, held, target);
  }

  /** Slugs of servers this principal may see whose tools are not known: what it asked for may be theirs. */
  missing(held: HeldSnapshot, principal: Principal): string[] {
    const shelf = this.#shelves.get(held.snapshot.workspace.id);
    if (shelf === undefined || shelf instanceof Promise) return [];
    const missing = visibleTo(principal, held.snapshot.servers).filter(({ id }) => shelf.lists.get(id)?.known !== true);
    return missing.map(({ slug }) => slug);
  }

  /** A tool of one server by the name the server gave it. */
  async resolveOn(held: HeldSnapshot, server: SnapshotServer, tool: string): Promise<CatalogueTool | undefined> {
    const shelf = await this.#shelf(held);
    const list = shelf.lists.get(server.id);
    await list?.ready(patienceMs);
    const definition = list?.tool(tool);
    return definition === undefined ? undefined : { server, definition };
  }

  /**
   * What this principal may call, in list order, and which servers it may see have no list at all.
   * @param only one server, its tools under their own names
   */
  async list(held: HeldSnapshot, principal: Principal, only: SnapshotServer | undefined): Promise<CatalogueListing> {
    const shelf = await this.#shelf(held);
    if (only === undefined) await this.#warm(shelf);
    else await shelf.lists.get(only.id)?.ready(patienceMs);
    const entries = only === undefined ? this.#entries(shelf, held) : ownEntries(only, shelf.lists.get(only.id));
    const allowed = entries.filter(
      ({ server, definition }) =>
        decide(held.snapshot, principal, { serverSlug: server.slug, tool: definition.name }).effect === 'allow',
    );
    const servers = only === undefined ? held.snapshot.servers : [only];
    const visible = visibleTo(principal, servers);
    return {
      entries: allowed,
      visible,
      missing: visible.filter((server) => shelf.lists.get(server.id)?.known !== true),
      generation: shelf.generation,
    };
  }

  /** Changes whenever a listing might; undefined until the workspace was first asked for. */
  generation(workspaceId: string): number | undefined {
    const shelf = this.#shelves.get(workspaceId);
    return shelf === undefined || shelf instanceof Promise ? undefined : shelf.generation;
  }

  /** Let lists that have aged be read again behind the caller's back. */
  refresh(held: HeldSnapshot): void {
    const shelf = this.#shelves.get(held.snapshot.workspace.id);
    if (shelf === undefined || shelf instanceof Promise) return;
    for (const list of shelf.lists.values()) list.touch();
  }

  /** Take in a new snapshot: lists of changed servers start loading at once. */
  sync(workspaceId: string, held: HeldSnapshot | undefined): void {
    if (held === undefined) this.#shelves.delete(workspaceId);
    else
      void this.#shelf(held).catch((error: unknown) => {
        this.#deps.log.error({ err: error, workspaceId }, 'the catalogue cannot be loaded');
      });
  }

  async #shelf(held: HeldSnapshot): Promise<Shelf> {
    const id = held.snapshot.workspace.id;
    let shelf = this.#shelves.get(id);
    if (shelf === undefined) {
      const loading = readHandedOutNames(this.#deps.db, id).then((handedOut): Shelf => {
        const made: Shelf = {
          held,
          version: -1,
          lists: new Map(),
          handedOut,
          table: undefined,
          generation: 0,
          warmAt: -Infinity,
        };
        if (this.#shelves.get(id) === loading) this.#shelves.set(id, made);
        return made;
      });
      loading.catch(() => this.#shelves.delete(id));
      this.#shelves.set(id, loading);
      shelf = loading;
    }
    const ready = shelf instanceof Promise ? await shelf : shelf;
    if (ready.version < held.snapshot.version) this.#stock(ready, held);
    return ready;
  }

  #stock(shelf: Shelf, held: HeldSnapshot): void {
    const lists = new Map<string, ToolList>();
    for (const server of held.snapshot.servers) {
      const known = shelf.lists.get(server.id);
      if (known?.revision === server.revision) {
        known.retry();
        lists.set(server.id, known);
      } else {
        lists.set(
          server.id,
          new ToolList({
            db: this.#deps.db,
            clock: this.#deps.clock,
            log: this.#deps.log,
            server,
            upstream: () => this.#deps.upstreams.of(shelf.held, shelf.held.serversById.get(server.id) ?? server),
            changed: () => this.#touch(shelf),
          }),
        );
      }
    }
    shelf.lists = lists;
    shelf.held = held;
    shelf.version = held.snapshot.version;
    this.#touch(shelf);
  }

  #touch(shelf: Shelf): void {
    shelf.table = undefined;
    shelf.warmAt = -Infinity;
    shelf.generation++;
    this.#deps.changed(shelf.held.snapshot.workspace.id);
  }

  /** Whether every list has been looked at within the last second and needs no waiting for. */
  #isWarm(shelf: Shelf): boolean {
    return this.#deps.clock.monotonic() - shelf.warmAt < 1_000;
  }

  async #warm(shelf: Shelf): Promise<void> {
    let cold: Promise<void>[] | undefined;
    for (const list of shelf.lists.values()) {
      if (list.settled) list.touch();
      else (cold ??= []).push(list.ready(patienceMs));
    }
    if (cold !== undefined) await Promise.all(cold);
    if ([...shelf.lists.values()].every((list) => list.settled)) shelf.warmAt = this.#deps.clock.monotonic();
  }

  #table(shelf: Shelf): NameTable {
    if (shelf.table !== undefined) return shelf.table;
    const { snapshot } = shelf.held;
    const servers = snapshot.servers.map(({ id, slug, prefix }) => ({
      id,
      slug,
      prefix,
      tools: shelf.lists.get(id)!.tools.map((tool) => tool.name),
    }));
    const table = nameTools(servers, shelf.handedOut, new Set(snapshot.disabledServerIds));
    shelf.table = table;
    this.#remember(shelf, table);
    return table;
  }

  #remember(shelf: Shelf, table: NameTable): void {
    const fresh = table.listed.filter(({ name, tool, serverId }) => {
      const known = shelf.handedOut.get(name);
      return known?.serverId !== serverId || known.tool !== tool;
    });
    if (fresh.length === 0) return;
    for (const { name, serverId, tool } of fresh) shelf.handedOut.set(name, { serverId, tool });
    const { db, clock, log } = this.#deps;
    writeHandedOutNames(db, shelf.held.snapshot.workspace.id, fresh, clock.now()).catch((error: unknown) => {
      log.warn({ err: error }, 'handed-out tool names cannot be written');
    });
  }

  #entries(shelf: Shelf, held: HeldSnapshot): CatalogueEntry[] {
    return this.#table(shelf).listed.flatMap((target) => {
      const tool = this.#tool(shelf, held, target);
      return tool === undefined ? [] : [{ name: target.name, ...tool }];
    });
  }

  #tool(shelf: Shelf, held: HeldSnapshot, target: NameTarget): CatalogueTool | undefined {
    const server = held.serversById.get(target.serverId);
    const definition = shelf.lists.get(target.serverId)?.tool(target.tool);
    return server === undefined || definition === undefined ? undefined : { server, definition };
  }
}

export interface CatalogueListing {
  readonly entries: readonly CatalogueEntry[];
  /** Servers this principal may know of. */
  readonly visible: readonly SnapshotServer[];
  readonly missing: readonly SnapshotServer[];
  readonly generation: number;
}

const visibleTo = (principal: Principal, servers: readonly SnapshotServer[]): readonly SnapshotServer[] =>
  principal.scope === null ? servers : servers.filter(({ slug }) => principal.scope!.servers.has(slug));

const ownEntries = (server: SnapshotServer, list: ToolList | undefined): CatalogueEntry[] =>
  (list?.tools ?? []).map((definition) => ({ name: definition.name, server, definition }));
