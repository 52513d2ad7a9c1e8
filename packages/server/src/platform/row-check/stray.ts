import type { Kysely } from 'kysely';
import { isoTime } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import { openLog, type LogReader } from '../proof/log-reader.ts';
import { isLogId } from '../proof/log-files.ts';
import { isBefore, type Place } from './place.ts';

/** A row of a call that its log has no record of. */
export interface StrayCall {
  readonly call: { readonly log: string; readonly id: string } & Place;
  /** It is of the last moments: its record may be under no checkpoint yet. */
  readonly waiting: boolean;
}

const rowsPerLook = 1_000;
/** Logs kept open. */
const mostLogs = 200;
/** Longer before the end of a log no call was made that is not in it: how long one may be under way. */
const longestCallMs = 24 * 3_600_000;

interface OpenedLog {
  readonly log: LogReader;
  readonly last: Place;
  /** Stored time from which a record may be missing. */
  readonly openSince: string;
}

/** Calls in the table, by their place in this node's journal, of which there is no record at that place. */
export async function* strayCalls(
  db: Kysely<Schema>,
  proofDir: string,
  node: string,
  now: number,
): AsyncGenerator<StrayCall> {
  using logs = new OpenLogs(proofDir);
  let after: Place = { epoch: -1, seq: 0 };
  for (;;) {
    const { epoch, seq } = after;
    const rows = await db
      .selectFrom('mcp_tool_calls')
      .select(['id', 'workspace_id', 'epoch', 'seq', 'created_at'])
      .where('node', '=', node)
      .where((row) => row.or([row('epoch', '>', epoch), row.and([row('epoch', '=', epoch), row('seq', '>', seq)])]))
      .orderBy('epoch')
      .orderBy('seq')
      .limit(rowsPerLook)
      .execute();
    for (const row of rows) {
      const opened = logs.of(row.workspace_id);
      if (opened?.log.index.find(row.epoch, row.seq, opened.log.checkpoint.size) !== undefined) continue;
      const openSince = opened?.openSince ?? isoTime(now - longestCallMs);
      const waiting = (opened === undefined || isBefore(opened.last, row)) && row.created_at >= openSince;
      yield { call: { log: row.workspace_id, id: row.id, epoch: row.epoch, seq: row.seq }, waiting };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerLook) return;
    after = last;
  }
}

class OpenLogs implements Disposable {
  readonly #dir: string;
  readonly #opened = new Map<string, OpenedLog | undefined>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  of(workspaceId: string): OpenedLog | undefined {
    if (!isLogId(workspaceId)) return undefined;
    if (this.#opened.has(workspaceId)) return this.#opened.get(workspaceId);
    if (this.#opened.size >= mostLogs) this[Symbol.dispose]();
    const log = openLog(this.#dir, workspaceId);
    const opened = log === undefined ? undefined : endOf(log);
    this.#opened.set(workspaceId, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const opened of this.#opened.values()) opened?.log[Symbol.dispose]();
    this.#opened.clear();
  }
}

function endOf(log: LogReader): OpenedLog {
  const { size } = log.checkpoint;
  const [line] = log.purged < size ? log.lines(size - 1, size) : [];
  const { t } = JSON.parse(line ?? '{"t":""}') as { t: string };
  const openSince = t === '' ? '' : isoTime(Date.parse(t) - longestCallMs);
  return { log, last: log.index.at(size - 1), openSince };
}
