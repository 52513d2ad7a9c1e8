import { markUri } from '../domain/exposed-uri.ts';
import { matchesTemplate, type UriTemplate } from '../domain/uri-template.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import type { ResourceShelves } from './resource-routes.ts';

/** The exposed form of a URI that a server has used; the same text where it needs no mark. */
export type ExposeUri = (own: string) => string;

/** Which servers of a workspace have URIs that are marked; made anew when a list has changed. */
export class UriMarks {
  #generation = -1;
  readonly #byServer = new Map<string, { uris: Map<string, string>; templates: UriTemplate[] }>();

  /** @returns undefined for nearly every server: none of its URIs is marked, so its answers need not be looked at */
  of(shelves: ResourceShelves, server: SnapshotServer): ExposeUri | undefined {
    const generation = Math.max(shelves.resources.generation, shelves.templates.generation);
    if (generation !== this.#generation) {
      this.#make(shelves);
      this.#generation = generation;
    }
    const marks = this.#byServer.get(server.id);
    if (marks === undefined) return undefined;
    const listed = shelves.resources.list(server.id);
    return (own) => {
      const marked = marks.uris.get(own);
      if (marked !== undefined || listed?.find(own) !== undefined) return marked ?? own;
      return marks.templates.some((template) => matchesTemplate(template, own)) ? markUri(server.slug, own) : own;
    };
  }

  #make({ resources, templates }: ResourceShelves): void {
    this.#byServer.clear();
    for (const { name, own, serverId } of resources.table.listed) {
      if (name !== own) this.#marksOf(serverId).uris.set(own, name);
    }
    for (const { name, own, serverId } of templates.table.listed) {
      if (name === own) continue;
      const marks = this.#marksOf(serverId);
      // The text itself is what a completion or a link may name.
      marks.uris.set(own, name);
      const template = templates.list(serverId)?.find(own)?.template;
      if (template !== undefined) marks.templates.push(template);
    }
  }

  #marksOf(serverId: string): { uris: Map<string, string>; templates: UriTemplate[] } {
    const known = this.#byServer.get(serverId);
    if (known !== undefined) return known;
    const made = { uris: new Map<string, string>(), templates: [] };
    this.#byServer.set(serverId, made);
    return made;
  }
}
