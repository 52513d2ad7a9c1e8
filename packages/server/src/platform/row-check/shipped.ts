import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { splitLine } from '../journal/chain.ts';
import { comparePositions, listSegments, readLines } from '../journal/segment.ts';
import type { Place } from './place.ts';

/** The first record of a node's journal that may not be in the tables yet; undefined when all of them are. */
export async function firstUnshipped(
  db: Kysely<Pick<Schema, 'journal_cursors'>>,
  journalDir: string,
  node: string,
): Promise<Place | undefined> {
  const cursor = await db.selectFrom('journal_cursors').selectAll().where('node', '=', node).executeTakeFirst();
  const from = { segment: cursor?.segment ?? '', byteOffset: 0 };
  for (const segment of listSegments(journalDir)) {
    if (comparePositions({ segment, byteOffset: 0 }, from) < 0) continue;
    const offset = segment === from.segment ? (cursor?.byte_offset ?? 0) : 0;
    for (const { text, whole } of readLines(journalDir, segment, offset)) {
      const parts = whole ? splitLine(text) : undefined;
      if (parts !== undefined) return { epoch: parts.epoch, seq: parts.seq };
    }
  }
  return undefined;
}
