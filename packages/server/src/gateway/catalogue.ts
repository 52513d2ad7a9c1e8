import type { NameTarget } from '../domain/exposed-name.ts';
import { decide, maySee, type CallKind, type Principal } from '../domain/policy.ts';
import type { Snapshot, SnapshotServer } from '../domain/snapshot.ts';
import type { Definition } from './definitions.ts';
import { listForms, listKinds, type AnnouncedKind, type ListKind } from './list-kinds.ts';
import {
  findOwnResource,
  findOwnTemplate,
  findResource,
  findTemplate,
  type ResourceShelves,
} from './resource-routes.ts';
import { patienceMs, Shelf, type ShelfDeps } from './shelf.ts';
import type { HeldSnapshot } from './snapshots.ts';
import type { CallTarget } from './call-target.ts';
import type { UpstreamList } from './upstream-list.ts';
import { UriMarks, type ExposeUri } from './uri-marks.ts';

export interface CatalogueEntry {
  readonly server: SnapshotServer;
  readonly definition: Definition;
  /** The name or URI it is listed under. */
  readonly name: string;
}

export interface CatalogueListing {
  readonly entries: readonly CatalogueEntry[];
  /** Servers this principal may know of. */
  readonly visible: readonly SnapshotServer[];
  /** Those of them whose list is not known. */
  readonly missing: readonly SnapshotServer[];
  readonly generation: number;
}

/** Kinds with names, which are exposed by one table; URIs are routed by `resource`. */
export type NamedKind = 'tools' | 'prompts';

/**
 * Everything the servers of every workspace offer, from memory. Definitions are the upstreams' own and shared by all
 * callers; who may see which is decided anew for each caller and never kept here. Tools are loaded at once; the other
 * kinds when a workspace first asks for them.
 */
export class Catalogue {
  readonly #deps: ShelfDeps;
  /** By kind and workspace. */
  readonly #shelves: Readonly<Record<ListKind, Map<string, Promise<Shelf> | Shelf>>>;
  readonly #marks = new Map<string, UriMarks>();
  #ticks = 0;

  /** @param deps `changed` is called when what could be listed in a workspace has changed */
  constructor({ changed, ...deps }: Omit<ShelfDeps, 'touched'> & { changed: (workspaceId: string) => void }) {
    this.#deps = {
      ...deps,
      touched: (workspaceId) => {
        changed(workspaceId);
        return ++this.#ticks;
      },
    };
    this.#shelves = { tools: new Map(), prompts: new Map(), resources: new Map(), templates: new Map() };
  }

  /** What an exposed name means in the whole workspace. Waits only while a list was never read. */
  resolve(held: HeldSnapshot, kind: NamedKind, name: string): CallTarget | undefined | Promise<CallTarget | undefined> {
    const shelf = this.#shelves[kind].get(held.snapshot.workspace.id);
    if (shelf === undefined || shelf instanceof Promise || shelf.version < held.snapshot.version) {
      return this.#resolveCold(held, kind, name);
    }
    const target = shelf.table.targets.get(name);
    if (!shelf.warm) {
      // What is known is served; the lists are looked at behind the caller's back.
      if (target === undefined) return this.#resolveCold(held, kind, name);
      void shelf.warmUp();
    }
    return target === undefined ? undefined : targetOn(shelf, held, target);
  }

  async #resolveCold(held: HeldSnapshot, kind: NamedKind, name: string): Promise<CallTarget | undefined> {
    const shelf = await this.#shelf(held, kind);
    await shelf.warmUp();
    const target = shelf.table.targets.get(name);
    return target === undefined ? undefined : targetOn(shelf, held, target);
  }

  /** A tool or prompt of one server by the name the server gave it. */
  async resolveOn(
    held: HeldSnapshot,
    server: SnapshotServer,
    kind: NamedKind,
    name: string,
  ): Promise<CallTarget | undefined> {
    const shelf = await this.#shelf(held, kind);
    const list = shelf.list(server.id);
    await list?.ready(patienceMs);
    const definition = list?.find(name);
    return definition === undefined ? undefined : { server, definition, name };
  }

  /** What a URI means: in the whole workspace, or to one server, which may be asked for what it does not list. */
  async resource(held: HeldSnapshot, only: SnapshotServer | undefined, uri: string): Promise<CallTarget | undefined> {
    const shelves = await this.#warmResources(held, only);
    return only === undefined ? findResource(shelves, held, uri) : findOwnResource(shelves, only, uri);
  }

  /** What the reference of a completion means, which may be a URI template as listed. */
  async reference(held: HeldSnapshot, only: SnapshotServer | undefined, text: string): Promise<CallTarget | undefined> {
    const shelves = await this.#warmResources(held, only);
    if (only !== undefined) return findOwnTemplate(shelves, only, text) ?? findOwnResource(shelves, only, text);
    return findTemplate(shelves, held, text) ?? findResource(shelves, held, text);
  }

  /** Slugs of servers this principal may see whose list is not known: what it asked for may be theirs. */
  missing(held: HeldSnapshot, principal: Principal, kind: ListKind): string[] {
    const shelf = this.#shelves[kind].get(held.snapshot.workspace.id);
    if (shelf === undefined || shelf instanceof Promise) return [];
    const missing = visibleTo(held.snapshot, principal, undefined).filter(({ id }) => shelf.list(id)?.known !== true);
    return missing.map(({ slug }) => slug);
  }

  /**
   * What this principal may use, in list order, and which servers it may see have no list at all.
   * @param only one server, its entries under their own names
   */
  async list(
    held: HeldSnapshot,
    principal: Principal,
    only: SnapshotServer | undefined,
    kind: ListKind,
  ): Promise<CatalogueListing> {
    const shelf = await this.#warmShelf(held, only, kind);
    const entries = only === undefined ? sharedEntries(shelf, held) : ownEntries(only, shelf.list(only.id));
    const may = this.#judge(held, principal, shelf.form.judgedAs);
    const allowed = entries.filter(({ server, definition }) => may(server.slug, definition));
    // The interfaces that tools name are resources, and their URIs may be marked.
    if (kind === 'tools' && only === undefined && allowed.some(({ definition }) => definition.hasUi)) {
      await this.#warmResources(held, undefined);
    }
    const visible = visibleTo(held.snapshot, principal, only);
    return {
      entries: allowed,
      visible,
      missing: visible.filter((server) => shelf.list(server.id)?.known !== true),
      generation: this.generation(held.snapshot.workspace.id, kind) ?? shelf.generation,
    };
  }

  /** The kinds that some server this principal may use serves at all. Waits only for lists that were never read. */
  async served(
    held: HeldSnapshot,
    principal: Principal,
    only: SnapshotServer | undefined,
    kind: ListKind,
  ): Promise<boolean> {
    const shelf = await this.#warmShelf(held, only, kind);
    const may = this.#judge(held, principal, shelf.form.judgedAs);
    return visibleTo(held.snapshot, principal, only).some(({ id, slug }) => {
      const list = shelf.list(id);
      if (list?.served !== true) return false;
      const { definitions } = list;
      return definitions.length === 0 ? may(slug, nothing) : definitions.some((definition) => may(slug, definition));
    });
  }

  /** How to write the URIs of a server's answers for the whole workspace; undefined where all stay as they are. */
  marks(workspaceId: string, server: SnapshotServer): ExposeUri | undefined {
    const resources = this.#shelves.resources.get(workspaceId);
    const templates = this.#shelves.templates.get(workspaceId);
    if (!(resources instanceof Shelf) || !(templates instanceof Shelf)) return undefined;
    let marks = this.#marks.get(workspaceId);
    if (marks === undefined) {
      marks = new UriMarks();
      this.#marks.set(workspaceId, marks);
    }
    return marks.of({ resources, templates }, server);
  }

  /** Changes whenever a listing might; undefined until the workspace was first asked for the kind. */
  generation(workspaceId: string, kind: ListKind): number | undefined {
    const shelf = this.#shelves[kind].get(workspaceId);
    if (!(shelf instanceof Shelf)) return undefined;
    if (kind !== 'tools') return shelf.generation;
    // Tools name resources, so their list changes with the marks of those.
    const { resources, templates } = this.#shelves;
    return [resources.get(workspaceId), templates.get(workspaceId)].reduce(
      (newest, other) => (other instanceof Shelf ? Math.max(newest, other.generation) : newest),
      shelf.generation,
    );
  }

  /** Let lists that have aged be read again behind the caller's back. */
  refresh(held: HeldSnapshot, kind: ListKind): void {
    const shelf = this.#shelves[kind].get(held.snapshot.workspace.id);
    if (shelf instanceof Shelf) shelf.refresh();
  }

  /** A server says that what it lists has changed; lists that nobody has asked for stay unread. */
  reload(workspaceId: string, serverId: string, said: AnnouncedKind): void {
    for (const kind of said === 'resources' ? (['resources', 'templates'] as const) : [said]) {
      const shelf = this.#shelves[kind].get(workspaceId);
      if (shelf instanceof Shelf) shelf.list(serverId)?.reload();
    }
  }

  /** Take in a new snapshot: lists of changed servers start loading at once, of the kinds that are in use. */
  sync(workspaceId: string, held: HeldSnapshot | undefined): void {
    if (held === undefined) {
      for (const kind of listKinds) this.#shelves[kind].delete(workspaceId);
      this.#marks.delete(workspaceId);
      return;
    }
    for (const kind of listKinds) {
      if (kind !== 'tools' && !this.#shelves[kind].has(workspaceId)) continue;
      void this.#shelf(held, kind).catch((error: unknown) => {
        this.#deps.log.error({ err: error, workspaceId, list: kind }, 'the catalogue cannot be loaded');
      });
    }
  }

  /** One moment for a whole list, so that no rule ends in the middle of it. */
  #judge(
    { snapshot }: HeldSnapshot,
    principal: Principal,
    kind: CallKind,
  ): (slug: string, { name, hash }: Pick<Definition, 'name' | 'hash'>) => boolean {
    const at = this.#deps.clock.now();
    return (serverSlug, { name, hash }) =>
      decide(snapshot, principal, { serverSlug, kind, name, definition: hash }, at).effect === 'allow';
  }

  async #shelf(held: HeldSnapshot, kind: ListKind): Promise<Shelf> {
    const id = held.snapshot.workspace.id;
    const shelves = this.#shelves[kind];
    let shelf = shelves.get(id);
    if (shelf === undefined) {
      const loading = Shelf.open(this.#deps, listForms[kind], held).then((made) => {
        if (shelves.get(id) === loading) shelves.set(id, made);
        return made;
      });
      loading.catch(() => shelves.delete(id));
      shelves.set(id, loading);
      shelf = loading;
    }
    const ready = shelf instanceof Promise ? await shelf : shelf;
    if (ready.version < held.snapshot.version) ready.stock(held);
    return ready;
  }

  async #warmShelf(held: HeldSnapshot, only: SnapshotServer | undefined, kind: ListKind): Promise<Shelf> {
    const shelf = await this.#shelf(held, kind);
    await (only === undefined ? shelf.warmUp() : shelf.list(only.id)?.ready(patienceMs));
    return shelf;
  }

  async #warmResources(held: HeldSnapshot, only: SnapshotServer | undefined): Promise<ResourceShelves> {
    const [resources, templates] = await Promise.all([
      this.#warmShelf(held, only, 'resources'),
      this.#warmShelf(held, only, 'templates'),
    ]);
    return { resources, templates };
  }
}

/** The servers a principal may know of: of all, or of the one that is named. */
export const visibleTo = (
  snapshot: Snapshot,
  principal: Principal,
  only: SnapshotServer | undefined,
): readonly SnapshotServer[] =>
  (only === undefined ? snapshot.servers : [only]).filter(({ slug }) => maySee(snapshot, principal, slug));

/** Stands for whatever a server may list that lists nothing now. */
const nothing = { name: '', hash: null };

const ownEntries = (server: SnapshotServer, list: UpstreamList | undefined): CatalogueEntry[] =>
  (list?.definitions ?? []).map((definition) => ({ name: definition.name, server, definition }));

const sharedEntries = (shelf: Shelf, held: HeldSnapshot): CatalogueEntry[] =>
  shelf.table.listed.flatMap((target) => {
    const found = targetOn(shelf, held, target);
    return found === undefined ? [] : [{ name: target.name, server: found.server, definition: found.definition }];
  });

function targetOn(shelf: Shelf, held: HeldSnapshot, target: NameTarget): CallTarget | undefined {
  const server = held.serversById.get(target.serverId);
  const definition = shelf.list(target.serverId)?.find(target.own);
  return server === undefined || definition === undefined ? undefined : { server, definition, name: target.own };
}
