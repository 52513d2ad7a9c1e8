import { setImmediate as turn } from 'node:timers/promises';
import { invalidInput } from '../../domain/errors.ts';

/** Where something stands in a list that is made as it is read: by caller, then server, then tool. */
export type Place = readonly [caller: string, server: string, tool: string];

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Entries that are judged for one page at most; the rest of a large estate is on further pages. */
const mostJudged = 50_000;
/** Entries after which others have their turn. */
const stretch = 2_000;

/**
 * Go through entries in their order, from after a cursor on, until a page is full or enough has been judged.
 * @param rowOf undefined: it is not shown
 * @throws AppError `invalid_input` for a cursor that no list gave out
 */
export async function pageOf<Entry, Item>(
  entries: Iterable<Entry>,
  placeOf: (entry: Entry) => Place,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  rowOf: (entry: Entry) => Item | undefined,
): Promise<Page<Item>> {
  const after = cursor === undefined ? undefined : readPlace(cursor);
  const items: Item[] = [];
  let seen = 0;
  let judged = 0;
  for (const entry of entries) {
    if (++seen % stretch === 0) await turn();
    const place = placeOf(entry);
    if (after !== undefined && comparePlaces(place, after) <= 0) continue;
    const item = rowOf(entry);
    if (item !== undefined) items.push(item);
    if (items.length === limit || ++judged === mostJudged) return { items, nextCursor: writePlace(place) };
  }
  return { items, nextCursor: null };
}

/** Negative when `a` comes first. */
export function comparePlaces(a: Place, b: Place): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  if (at === -1) return 0;
  return a[at]! < b[at]! ? -1 : 1;
}

const writePlace = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function readPlace(cursor: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(place) && place.length === 3 && place.every((part) => typeof part === 'string')) {
      const [caller, server, tool] = place as [string, string, string];
      return [caller, server, tool];
    }
  } catch {
    // No cursor of ours either.
  }
  throw invalidInput('The cursor is not one this list gave out. Start again without it.', [
    { path: 'query.cursor', message: 'must be the nextCursor of an earlier page' },
  ]);
}
