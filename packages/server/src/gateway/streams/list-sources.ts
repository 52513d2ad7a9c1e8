import { createHash, hash } from 'node:crypto';
import type { Catalogue } from '../catalogue.ts';
import type { Definition } from '../definitions.ts';
import type { AnnouncedKind, ListKind } from '../list-kinds.ts';
import { showsSearch } from '../search/shown-list.ts';
import type { ListSource } from './list-changes.ts';

/** Of whole definitions, `_meta` included: a client shows it, too. */
const digests = new WeakMap<Definition, string>();

/** What somebody would be shown of these kinds: names, order and definitions. */
const source = (catalogue: Catalogue, kinds: readonly ListKind[]): ListSource => ({
  async fingerprint(viewer) {
    const { held, principal, server } = viewer;
    const all = createHash('sha256');
    for (const kind of kinds) {
      const { entries } = await catalogue.list(held, principal, server, kind);
      // Whatever can be found by them, the search tools stay the same.
      if (kind === 'tools' && showsSearch(viewer, entries)) all.update('search');
      else for (const { name, definition } of entries) all.update(`${JSON.stringify(name)} ${digestOf(definition)}\n`);
      all.update('\n');
    }
    return all.digest('base64');
  },
});

/** By the notification that tells of their changes: one speaks of resources and of templates alike. */
export const listSources = (catalogue: Catalogue): ReadonlyMap<AnnouncedKind, ListSource> =>
  new Map([
    ['tools', source(catalogue, ['tools'])],
    ['prompts', source(catalogue, ['prompts'])],
    ['resources', source(catalogue, ['resources', 'templates'])],
  ]);

function digestOf(definition: Definition): string {
  let digest = digests.get(definition);
  if (digest === undefined) {
    digest = hash('sha256', JSON.stringify([definition.before, definition.after]), 'base64');
    digests.set(definition, digest);
  }
  return digest;
}
