import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../clock.ts';
import { inTransaction } from '../database/database.ts';
import type { Schema } from '../database/schema.ts';
import { answeredRow, deniedRow, unknownRow, type CallRow, type JournalRecord, type OpenCall } from './call-rows.ts';
import { countCalls, type CountTables } from './call-counts.ts';
import { checkLines, isWhole, unknownLink, type ChainLink, type CheckedLine } from './check-lines.ts';
import { createInsertCalls, type CallTable } from './insert-calls.ts';
import type { JournalDamage, JournalPosition } from './journal.ts';
import { comparePositions, listSegments } from './segment.ts';

/** The tables the shipper may name. */
export type ShipTables = Pick<Schema, 'journal_cursors'> & CallTable & CountTables;

export interface ShipOptions {
  readonly dir: string;
  readonly nodeId: string;
  readonly db: Kysely<ShipTables>;
  readonly clock: Clock;
}

export interface ShipStep {
  /** True: there is more to read at once. */
  readonly more: boolean;
  /** All before this is in the table, except calls that are still open. */
  readonly position: JournalPosition;
  readonly damage: JournalDamage | undefined;
  /** Where a restart begins to read: nothing before it is needed any more. */
  readonly reread: JournalPosition;
}

const rowsPerStep = 1_000;
const linesPerStep = 10_000;
/** An intent this old has no call behind it any more; without an end it would hold the cursor for ever. */
const longestCallMs = 24 * 3_600_000;

/**
 * Copies the journal into `mcp_tool_calls`, one step at a time. Rows and the cursor are written in one transaction
 * and a row that is there already is left alone, so every step may be repeated: after a crash, after a lost
 * connection, by another process.
 *
 * A call becomes a row when its outcome is read. The cursor stays before the oldest call that is still open, so a
 * restart finds its intent again.
 */
export function createShip({ dir, nodeId, db, clock }: ShipOptions): { step(): Promise<ShipStep> } {
  let at: JournalPosition | undefined;
  let link: ChainLink = unknownLink;
  let saved = '';
  const insertCalls = createInsertCalls(db.$pickTables<keyof CallTable>());
  const open = new Map<string, OpenCall>();

  async function step(): Promise<ShipStep> {
    try {
      at ??= await resume();
      return await advance(at);
    } catch (error) {
      // What was read is not in the table: begin again from the cursor.
      at = undefined;
      throw error;
    }
  }

  async function resume(): Promise<JournalPosition> {
    const cursor = await db.selectFrom('journal_cursors').selectAll().where('node', '=', nodeId).executeTakeFirst();
    open.clear();
    link = linkAt(cursor?.segment ?? '', cursor?.byte_offset ?? 0);
    saved = '';
    return { segment: cursor?.segment ?? '', byteOffset: cursor?.byte_offset ?? 0 };
  }

  /** Where the chain stands at the cursor, so that the first line read is checked like every other. */
  function linkAt(segment: string, byteOffset: number): ChainLink {
    if (!listSegments(dir).includes(segment)) return unknownLink;
    let found = unknownLink;
    for (const line of checkLines(dir, segment, unknownLink)) {
      if (line.end > byteOffset) break;
      found = line.link;
    }
    return found;
  }

  async function advance(from: JournalPosition): Promise<ShipStep> {
    const rows: CallRow[] = [];
    let damage: JournalDamage | undefined;
    let position = from;
    let lines = 0;
    // Listed before reading: nothing is added to a segment once a later one exists.
    const segments = listSegments(dir).filter(
      (name) => comparePositions({ segment: name, byteOffset: 0 }, { ...from, byteOffset: 0 }) >= 0,
    );
    let full = false;
    for (const [i, segment] of segments.entries()) {
      const start = segment === from.segment ? from.byteOffset : 0;
      position = { segment, byteOffset: start };
      for (const line of checkLines(dir, segment, link, start)) {
        if (!line.whole && i === segments.length - 1) break;
        link = line.link;
        position = { segment, byteOffset: line.end };
        const readable = isWhole(line.fault) && take(line, segment, rows);
        if (!readable || line.fault !== undefined)
          damage ??= { segment, line: link.line, seq: line.seq, reason: line.fault ?? 'the record cannot be read' };
        full = ++lines >= linesPerStep || rows.length >= rowsPerStep;
        if (full) break;
      }
      if (full) break;
    }
    const reread = await save(rows, position);
    at = position;
    return { more: full, position, damage, reread };
  }

  /** @returns false when the line is no JSON, which can only be where the line before it is damaged too */
  function take(line: CheckedLine, segment: string, rows: CallRow[]): boolean {
    let record: JournalRecord;
    try {
      record = JSON.parse(line.text) as JournalRecord;
    } catch {
      return false;
    }
    const parts = line.parts!;
    switch (record.kind) {
      case 'intent':
        open.delete(record.callId);
        open.set(record.callId, { intent: record, parts, segment, offset: line.offset });
        break;
      case 'outcome': {
        const call = open.get(record.callId);
        // Without an intent the row was written before the restart that made us read this again.
        if (call === undefined) break;
        open.delete(record.callId);
        rows.push(answeredRow(call, record, parts));
        break;
      }
      case 'denied':
        open.delete(record.callId);
        rows.push(deniedRow(record, parts));
        break;
      case 'epoch':
        for (const call of open.values()) rows.push(unknownRow(call, parts));
        open.clear();
        break;
      // Events are in their table before they are here.
      case 'event':
      case 'gap':
      case 'purge':
      case 'trim':
        break;
    }
    for (const [callId, call] of open) {
      if (Date.parse(record.t) - Date.parse(call.intent.t) < longestCallMs) break;
      open.delete(callId);
      rows.push(unknownRow(call, parts));
    }
    return true;
  }

  /** @returns where the cursor stands */
  async function save(rows: readonly CallRow[], position: JournalPosition): Promise<JournalPosition> {
    const [oldest] = open.values();
    const segment = oldest?.segment ?? position.segment;
    const byte_offset = oldest?.offset ?? position.byteOffset;
    const cursor = `${segment} ${byte_offset}`;
    const reread = { segment, byteOffset: byte_offset };
    if (rows.length === 0 && (cursor === saved || segment === '')) return reread;
    await inTransaction(db, async (tx) => {
      const inserted = await insertCalls(tx.$pickTables<keyof CallTable>(), rows);
      // Only what was not there yet is counted.
      await countCalls(tx.$pickTables<keyof CountTables>(), inserted);
      const row = { segment, byte_offset, updated_at: isoTime(clock.now()) };
      await tx
        .insertInto('journal_cursors')
        .values({ node: nodeId, ...row })
        .onConflict((clash) => clash.column('node').doUpdateSet(row))
        .execute();
    });
    saved = cursor;
    return reread;
  }

  return { step };
}

/** Highest epoch of a node that is in the database, for `openJournal`; 0 when there is none. */
export async function lastShippedEpoch(db: Kysely<ShipTables>, nodeId: string): Promise<number> {
  const { epoch } = await db
    .selectFrom('mcp_tool_calls')
    .select((query) => query.fn.max('epoch').as('epoch'))
    .where('node', '=', nodeId)
    .executeTakeFirstOrThrow();
  return epoch ?? 0;
}
