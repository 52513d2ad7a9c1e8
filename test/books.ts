import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** A row of `mcp_tool_calls`. */
export interface CallRow {
  readonly id: string;
  readonly server_slug: string | null;
  readonly tool_name: string;
  readonly status: number;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly dispatched: number;
  readonly rule: string | null;
  readonly member_id: string | null;
  readonly token_id: string;
  readonly args_shape: string | null;
  readonly args_mac: string | null;
  readonly [column: string]: unknown;
}

/**
 * Rows of the database, after each call in the journal has its row. Reads the files from outside, as an operator
 * with a shell could.
 */
export async function callRows(dataDir: string): Promise<CallRow[]> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    await sleep(50);
    const rows = readRows(dataDir);
    const have = new Set(rows.map((row) => row.id));
    const missing = [...journalled(dataDir)].filter((id) => !have.has(id));
    if (missing.length === 0) return rows;
    if (Date.now() > deadline)
      throw new Error(`${missing.length} journalled calls have no row after 10 s, e.g. ${missing[0]}`);
  }
}

/** Rows as they are now. */
export function readRows(dataDir: string): CallRow[] {
  const database = new DatabaseSync(join(dataDir, 'mcpnest.db'), { readOnly: true });
  try {
    return database
      .prepare('select * from mcp_tool_calls order by created_at, epoch, seq')
      .all() as unknown as CallRow[];
  } finally {
    database.close();
  }
}

/** Ids of the calls that have any record in the journal. */
export function journalled(dataDir: string): Set<string> {
  const ids = new Set<string>();
  for (const line of journalLines(dataDir)) if (line.callId !== undefined) ids.add(line.callId);
  return ids;
}

export interface JournalLine {
  readonly kind: string;
  readonly seq: number;
  readonly epoch: number;
  readonly callId?: string;
  readonly [field: string]: unknown;
}

/** Every whole line of the journal. */
export function journalLines(dataDir: string, name = 'journal'): JournalLine[] {
  const folder = join(dataDir, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as JournalLine);
}
