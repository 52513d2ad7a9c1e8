import type { ManifestChange, ManifestDocument } from '@mcpnest/contract/schemas/manifests';

/** What a manifest speaks of, of a server as it is or as a manifest wants it. */
export type ManifestFacts = Pick<ManifestDocument, 'upstream' | 'visibility' | 'tools' | 'limits'> & {
  readonly [Key in 'maintainer' | 'sensitivity' | 'labels']?: ManifestDocument[Key] | null;
} & {
  /** Slug of the team; null: the administrators. */
  readonly owner: string | null;
};

/**
 * What differs, by its place in a manifest.
 * @param before undefined: there is nothing yet
 */
export function differences(before: ManifestFacts | undefined, after: ManifestFacts): ManifestChange[] {
  const old = before === undefined ? new Map<string, ManifestChange['after']>() : places(before);
  const now = places(after);
  return [...new Set([...now.keys(), ...old.keys()])]
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

/** What is left out or says nothing has no place. */
function places({
  owner,
  upstream,
  visibility,
  tools,
  limits,
  maintainer,
  sensitivity,
  labels,
}: ManifestFacts): Map<string, ManifestChange['after']> {
  const found = new Map<string, ManifestChange['after']>();
  if (owner !== null) found.set('owner', owner);
  found.set('upstream', upstream);
  found.set('visibility', [...visibility].sort());
  for (const tool of Object.keys(tools).sort()) {
    const { access, approval } = tools[tool]!;
    found.set(`tools.${tool}.access`, access);
    if (approval === 'required') found.set(`tools.${tool}.approval`, approval);
  }
  for (const [name, value] of Object.entries(limits)) if (value !== undefined) found.set(`limits.${name}`, value);
  for (const [name, value] of Object.entries({ maintainer, sensitivity })) {
    if (value !== undefined && value !== null) found.set(name, value);
  }
  if (labels !== undefined && labels !== null && labels.length > 0) found.set('labels', [...labels].sort());
  return found;
}
