import { CompiledQuery, type Kysely, type Transaction } from 'kysely';
import { prefersRowByRow, runForEach } from '../database/row-by-row.ts';
import type { Schema } from '../database/schema.ts';
import type { CallRow } from './call-rows.ts';

/** The table of calls. */
export type CallTable = Pick<Schema, 'mcp_tool_calls'>;

const rowsPerInsert = 100;

/** Inserts rows that are not there yet and leaves those alone that are. @returns those that were inserted */
export type InsertCalls = (tx: Transaction<CallTable>, rows: readonly CallRow[]) => Promise<readonly CallRow[]>;

export const createInsertCalls = (db: Kysely<CallTable>): InsertCalls =>
  prefersRowByRow(db) ? insertEach : insertSlices();

const insertion = (tx: Transaction<CallTable>, rows: readonly CallRow[]) =>
  tx
    .insertInto('mcp_tool_calls')
    .values(rows)
    .onConflict((clash) => clash.doNothing());

async function insertEach(tx: Transaction<CallTable>, rows: readonly CallRow[]): Promise<readonly CallRow[]> {
  if (rows.length === 0) return rows;
  const one = insertion(tx, rows.slice(0, 1)).compile();
  const inserted = await runForEach(tx, one, rows.map(Object.values));
  return inserted.includes(false) ? rows.filter((_, i) => inserted[i]) : rows;
}

/** The text of a full insert is made once: making it anew costs as much as running it. Rows differ in values only. */
function insertSlices(): InsertCalls {
  let full: string | undefined;
  const compile = (tx: Transaction<CallTable>, rows: readonly CallRow[]): CompiledQuery<{ id: string }> => {
    if (rows.length === rowsPerInsert && full !== undefined)
      return CompiledQuery.raw(full, rows.flatMap(Object.values));
    const query = insertion(tx, rows).returning('id').compile();
    if (rows.length === rowsPerInsert) full = query.sql;
    return query;
  };
  return async (tx, rows) => {
    const added = new Set<string>();
    for (let from = 0; from < rows.length; from += rowsPerInsert) {
      const inserted = await tx.executeQuery(compile(tx, rows.slice(from, from + rowsPerInsert)));
      for (const { id } of inserted.rows) added.add(id);
    }
    return rows.filter((row) => added.delete(row.id));
  };
}
