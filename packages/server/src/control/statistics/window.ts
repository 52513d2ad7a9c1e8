import type { Kysely } from 'kysely';
import { invalidInput } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourMs, hoursBetween, type Hours } from '../counts.ts';

export const dayMs = 24 * hourMs;

/** A span of time in whole hours. Milliseconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * The span a chart is asked about, widened to whole hours.
 * @param usualMs how long it is where no start is given
 * @param mostMs how long it may be
 * @throws AppError `invalid_input` for one that is empty or too long
 */
export function windowOf(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  { usualMs, mostMs }: { readonly usualMs: number; readonly mostMs: number },
): Window {
  const to = Math.ceil((query.to === undefined ? now : Date.parse(query.to)) / hourMs) * hourMs;
  const from = query.from === undefined ? to - usualMs : Math.floor(Date.parse(query.from) / hourMs) * hourMs;
  if (from >= to) throw invalidInput('The span is empty: from must come before to.', [issue('must come before to')]);
  if (to - from > mostMs)
    throw invalidInput(`At most ${mostMs / dayMs} days are shown at once. Ask for less.`, [
      issue(`must be at most ${mostMs / dayMs} days before to`),
    ]);
  return { from, to };
}

const issue = (message: string): { path: string; message: string } => ({ path: 'query.from', message });

/** The hours of it that have counts; undefined: none has. */
export const hoursIn = (db: Kysely<Schema>, workspaceId: string, { from, to }: Window): Promise<Hours | undefined> =>
  hoursBetween(db, workspaceId, from, to);
