import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { isoTime } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import { dayText, instanceLog } from '../proof/log-files.ts';
import { openLog, type LogReader } from '../proof/log-reader.ts';
import { readState } from '../proof/state.ts';
import { listLogs } from '../proof/verify-folder.ts';
import { dayMs } from '../retention/sweep.ts';
import { readTerms, type Term } from '../retention/terms.ts';
import { changedInCall, changedInEvent } from './differences.ts';
import { ExpectedRows, type Expected } from './expected.ts';
import { isBefore, type Place } from './place.ts';
import { firstUnshipped } from './shipped.ts';
import { strayCalls } from './stray.ts';

/** A row that is not what the logs of proof say. */
export interface RowFault {
  /** Of the log's workspace, or `instance`. */
  readonly log: string;
  readonly table: 'mcp_tool_calls' | 'audit_events';
  readonly id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly reason: string;
}

export interface RowsReport {
  /** Rows that are what their records say. */
  readonly calls: number;
  readonly events: number;
  /** Records whose rows are past their term and gone. */
  readonly expired: number;
  /** Rows and records of the last moments, of which the other is not there yet. */
  readonly waiting: number;
  readonly faults: number;
  /** The first of them. */
  readonly shown: readonly RowFault[];
}

export interface RowCheckOptions {
  readonly db: Kysely<Schema>;
  readonly dataDir: string;
  readonly nodeId: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

const rowsPerLook = 500;
const mostShown = 20;
/** No term is shorter. */
const shortestTermMs = 30 * dayMs;

/**
 * Compare the rows of calls and events with the logs of proof of this node, both ways: what was changed, what was deleted
 * before its time, and calls that no record tells of. The logs are taken to be good. Memory does not grow with either.
 */
export async function checkRows({ db, dataDir, nodeId, now }: RowCheckOptions): Promise<RowsReport> {
  const proofDir = join(dataDir, 'proof');
  const counts = { calls: 0, events: 0, expired: 0, waiting: 0, faults: 0 };
  const shown: RowFault[] = [];
  const fault = (found: RowFault): void => {
    counts.faults++;
    if (shown.length < mostShown) shown.push(found);
  };
  const terms = await readTerms(db, isoTime(now));
  const unshipped = await firstUnshipped(db, join(dataDir, 'journal'), nodeId);
  const latestEpoch = readState(proofDir)?.link.epoch ?? 0;
  for (const name of listLogs(proofDir)) {
    using log = openLog(proofDir, name);
    if (log === undefined) continue;
    const term = name === instanceLog ? terms.longest : terms.of(name);
    const mayBeGone = expiry(log, term, now);
    // What is in the log under no checkpoint yet may have the outcome.
    const epoch = log.index.size > log.checkpoint.size ? 0 : latestEpoch;
    for await (const { expected, stored } of withRows(db, log, epoch)) {
      const { kind, id, epoch, seq, at } = expected;
      const table = kind === 'call' ? 'mcp_tool_calls' : 'audit_events';
      if (stored === undefined) {
        if (mayBeGone(kind, at)) counts.expired++;
        else if (kind === 'call' && mayCome(expected, unshipped)) counts.waiting++;
        else fault({ log: name, table, id, epoch, seq, reason: 'the row is missing' });
      } else if (stored.length > 0)
        fault({ log: name, table, id, epoch, seq, reason: `the row was changed: ${stored.join(', ')}` });
      else counts[kind === 'call' ? 'calls' : 'events']++;
    }
  }
  for await (const stray of strayCalls(db, proofDir, nodeId, now)) {
    if (stray.waiting) counts.waiting++;
    else fault({ ...stray.call, table: 'mcp_tool_calls', reason: 'no record tells of this row' });
  }
  return { ...counts, shown };
}

/** A row that the shipper has not come to. */
const mayCome = (place: Place, unshipped: Place | undefined): boolean =>
  unshipped !== undefined && !isBefore(place, unshipped);

/**
 * Whether a row of a time may have been deleted by its term. Rows go by the moment and a log by the day: where the term was
 * made longer since, the first days of a log may lack some.
 */
function expiry(log: LogReader, term: Term, now: number): (kind: Expected['kind'], at: string) => boolean {
  const first = log.purged < log.checkpoint.size ? log.index.at(log.purged).day : 0;
  const firstDays = dayText(first + 2);
  return (kind, at) => {
    const age = now - Date.parse(at);
    const days = kind === 'call' ? term.calls : term.events;
    return age >= days * dayMs || (age >= shortestTermMs && log.purged > 0 && at < firstDays);
  };
}

interface Compared {
  readonly expected: Expected;
  /** The columns that differ; undefined: there is no row. */
  readonly stored: readonly string[] | undefined;
}

async function* withRows(db: Kysely<Schema>, log: LogReader, epoch: number): AsyncGenerator<Compared> {
  const rows = new ExpectedRows();
  let batch: Expected[] = [];
  for (const line of log.lines(log.purged, log.checkpoint.size)) {
    for (const expected of rows.take(line)) batch.push(expected);
    if (batch.length < rowsPerLook) continue;
    yield* compared(db, batch);
    batch = [];
  }
  for (const expected of rows.rest(epoch)) {
    batch.push(expected);
    if (batch.length < rowsPerLook) continue;
    yield* compared(db, batch);
    batch = [];
  }
  yield* compared(db, batch);
}

async function* compared(db: Kysely<Schema>, batch: readonly Expected[]): AsyncGenerator<Compared> {
  const idsOf = (kind: Expected['kind']): string[] => batch.filter((one) => one.kind === kind).map(({ id }) => id);
  const [callIds, eventIds] = [idsOf('call'), idsOf('event')];
  const calls =
    callIds.length === 0 ? [] : await db.selectFrom('mcp_tool_calls').selectAll().where('id', 'in', callIds).execute();
  const events =
    eventIds.length === 0 ? [] : await db.selectFrom('audit_events').selectAll().where('id', 'in', eventIds).execute();
  const callOf = new Map(calls.map((row) => [row.id, row]));
  const eventOf = new Map(events.map((row) => [row.id, row]));
  for (const expected of batch) {
    if (expected.kind === 'call') {
      const row = callOf.get(expected.id);
      yield { expected, stored: row === undefined ? undefined : changedInCall(row, expected) };
    } else {
      const row = eventOf.get(expected.id);
      yield { expected, stored: row === undefined ? undefined : changedInEvent(row, expected) };
    }
  }
}
