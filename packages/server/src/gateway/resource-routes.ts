import { readMark } from '../domain/exposed-uri.ts';
import { matchesTemplate, matchingCost } from '../domain/uri-template.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import { unlisted, type Definition } from './definitions.ts';
import type { Shelf } from './shelf.ts';
import type { HeldSnapshot } from './snapshots.ts';
import type { CallTarget } from './call-target.ts';

/** Both shelves a URI may be found on. */
export interface ResourceShelves {
  readonly resources: Shelf;
  readonly templates: Shelf;
}

/**
 * What a URI means in the whole workspace: a resource that is listed under it; otherwise one whose server its mark
 * names; otherwise what the first template in list order may expand to. The first match decides and the policy judges
 * afterwards: if it chose among the matches, what a caller may see would change whose resource a URI means.
 */
export function findResource(shelves: ResourceShelves, held: HeldSnapshot, uri: string): CallTarget | undefined {
  const known = shelves.resources.table.targets.get(uri);
  if (known !== undefined) {
    const owner = held.serversById.get(known.serverId);
    // What was handed out stays its server's also when it is no longer listed.
    return owner === undefined ? undefined : findOn(shelves, owner, known.own);
  }
  const mark = readMark(uri);
  if (mark !== undefined) {
    const owner = held.serversBySlug.get(mark.slug);
    return owner === undefined ? undefined : findOn(shelves, owner, mark.own);
  }
  const spent = new Map<string, number>();
  for (const { name, own, serverId } of shelves.templates.table.listed) {
    // A marked template says that its URIs are marked, too.
    if (name !== own) continue;
    const definition = shelves.templates.list(serverId)?.find(own);
    if (definition === undefined || !matches(definition, uri, spent, serverId)) continue;
    const server = held.serversById.get(serverId);
    return server === undefined ? undefined : { server, definition, name: uri };
  }
  return undefined;
}

/** A resource of one server by that server's own URI: listed, or what one of its templates may expand to. */
function findOn(
  { resources, templates }: ResourceShelves,
  server: SnapshotServer,
  own: string,
): CallTarget | undefined {
  const listed = resources.list(server.id)?.find(own);
  if (listed !== undefined) return { server, definition: listed, name: own };
  const spent = new Map<string, number>();
  const match = templates.list(server.id)?.definitions.find((each) => matches(each, own, spent, server.id));
  return match === undefined ? undefined : { server, definition: match, name: own };
}

/** Characters that may be looked at, one by one, to find a URI among the templates of one server: some milliseconds. */
const mostCost = 250_000;

/** Whether a template gives the URI; one whose server has used up its share of the look-up gives nothing any more. */
function matches({ template }: Definition, uri: string, spent: Map<string, number>, serverId: string): boolean {
  if (template === undefined) return false;
  const cost = (spent.get(serverId) ?? 0) + matchingCost(template, uri);
  spent.set(serverId, cost);
  return cost <= mostCost && matchesTemplate(template, uri);
}

/** The same at the URL of the one server, which may be asked for what it does not list. */
export const findOwnResource = (shelves: ResourceShelves, server: SnapshotServer, own: string): CallTarget =>
  findOn(shelves, server, own) ?? { server, definition: unlisted(own), name: own };

/** What a URI template means, as it is listed in the whole workspace. */
export function findTemplate(shelves: ResourceShelves, held: HeldSnapshot, text: string): CallTarget | undefined {
  const target = shelves.templates.table.targets.get(text);
  const server = target === undefined ? undefined : held.serversById.get(target.serverId);
  return target === undefined || server === undefined ? undefined : findOwnTemplate(shelves, server, target.own);
}

/** A URI template of one server. */
export function findOwnTemplate(
  { templates }: ResourceShelves,
  server: SnapshotServer,
  own: string,
): CallTarget | undefined {
  const definition = templates.list(server.id)?.find(own);
  return definition === undefined ? undefined : { server, definition, name: own };
}
