import { invalidInput } from '../domain/errors.ts';

/** The place after a row in a list ordered by time and id, newest first. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

/** A place as the opaque text clients send back. */
export const writeCursor = (place: Place): string => Buffer.from(`${place.at} ${place.id}`).toString('base64url');

/** @throws AppError `invalid_input` for text that no list gave out */
export function readCursor(text: string): Place {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) ([\w-]{1,64})$/.exec(Buffer.from(text, 'base64url').toString());
  if (match === null) {
    throw invalidInput('The cursor is not one this list gave out. Start again without it.', [
      { path: 'query.cursor', message: 'must be the nextCursor of an earlier page' },
    ]);
  }
  return { at: match[1]!, id: match[2]! };
}

/** Cut a list that was read with one row too many; that row says whether there is a next page. */
export function page<Row extends { readonly created_at: string; readonly id: string }>(
  rows: readonly Row[],
  limit: number,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { rows: kept, nextCursor: more ? writeCursor({ at: last.created_at, id: last.id }) : null };
}
