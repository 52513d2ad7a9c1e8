import type { SealNews } from '../proof/seal-loop.ts';
import type { JournalDamage, JournalPosition } from './journal.ts';
import type { TrimmedJournal } from './records.ts';

/** How the worker reaches the database; it opens its own connection. */
export type ShipTarget =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Given to the worker at its start. */
export interface ShipperWork {
  readonly dir: string;
  readonly nodeId: string;
  readonly target: ShipTarget;
  readonly proof: ProofWork;
}

/** What the worker needs to put the journal's records into their logs of proof. */
export interface ProofWork {
  readonly dataDir: string;
  /** 32 bytes that seal the signing key. */
  readonly sealingKey: Uint8Array;
  /** Milliseconds between two checkpoints of a log that grows. */
  readonly checkpointEveryMs: number;
}

export type ToWorker =
  | { readonly kind: 'nudge' }
  | { readonly kind: 'drain'; readonly id: number; readonly upTo: JournalPosition }
  | { readonly kind: 'seal'; readonly id: number; readonly upTo: JournalPosition }
  | { readonly kind: 'stop' };

export type FromWorker =
  | SealNews
  | { readonly kind: 'drained'; readonly id: number }
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'damage'; readonly damage: JournalDamage }
  | { readonly kind: 'trim'; readonly trim: TrimmedJournal }
  | { readonly kind: 'purged'; readonly rows: number; readonly held: number }
  | { readonly kind: 'purge-withheld'; readonly reason: string };
