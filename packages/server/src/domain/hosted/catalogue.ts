import type { CatalogueEntry } from './entry.ts';

/** The servers that can be hosted, as reviewed. */
export const catalogue: readonly CatalogueEntry[] = [];
