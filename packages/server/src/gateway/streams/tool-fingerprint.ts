import { createHash, hash } from 'node:crypto';
import type { Catalogue } from '../catalogue.ts';
import type { ToolDefinition } from '../definitions.ts';
import type { ListSource } from './list-changes.ts';

/** Of whole definitions, `_meta` included: a client shows it, too. */
const digests = new WeakMap<ToolDefinition, string>();

/** The tools somebody would be shown: names, order and definitions. */
export const toolSource = (catalogue: Catalogue): ListSource => ({
  async fingerprint({ held, principal, server }) {
    const { entries } = await catalogue.list(held, principal, server);
    const all = createHash('sha256');
    for (const { name, definition } of entries) all.update(`${JSON.stringify(name)} ${digestOf(definition)}\n`);
    return all.digest('base64');
  },
});

function digestOf(definition: ToolDefinition): string {
  let digest = digests.get(definition);
  if (digest === undefined) {
    digest = hash('sha256', JSON.stringify([definition.before, definition.after]), 'base64');
    digests.set(definition, digest);
  }
  return digest;
}
