import { notFound } from '../../domain/errors.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import type { HostedLogs } from '../../domain/hosted/logs.ts';

/** What hosted servers are made from and by, as far as control knows. */
export interface Hosting {
  readonly catalogue: readonly CatalogueEntry[];
  /** What runs them; `none`: nothing does. */
  readonly runtime: 'none' | 'docker' | 'kubernetes';
  /** How the orchestrator is asked what they write; absent where there is none to ask. */
  readonly logs?: HostedLogs | undefined;
}

/** @throws AppError `not_found` */
export function requireEntry({ catalogue }: Hosting, slug: string): CatalogueEntry {
  const entry = catalogue.find((one) => one.slug === slug);
  if (entry === undefined) throw notFound('catalogue entry', slug);
  return entry;
}
