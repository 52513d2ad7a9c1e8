import type { JournalDamage, JournalPosition } from './journal.ts';

/** How the worker reaches the database; it opens its own connection. */
export type ShipTarget =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Given to the worker at its start. */
export interface ShipperWork {
  readonly dir: string;
  readonly nodeId: string;
  readonly target: ShipTarget;
}

export type ToWorker =
  | { readonly kind: 'nudge' }
  | { readonly kind: 'drain'; readonly id: number; readonly upTo: JournalPosition }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'drained'; readonly id: number }
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'damage'; readonly damage: JournalDamage }
  | { readonly kind: 'purged'; readonly rows: number }
  | { readonly kind: 'purge-withheld'; readonly reason: string };
