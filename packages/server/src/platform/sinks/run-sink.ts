import type { Kysely, Selectable } from 'kysely';
import { isoTime, type Clock } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import { callsStart, eventsStart, type Marks } from '../handover/marks.ts';
import type { HandoverRecord } from '../handover/record.ts';
import { nextCalls, nextEvents, nodesOf, placeOfCall, placeOfEvent, settledBefore } from '../handover/walk.ts';
import { targetOf } from './config.ts';
import { holdSink } from './lease.ts';
import { tellMissed } from './missed.ts';
import { parcelOf } from './parcel.ts';
import type { SendParcel } from './send.ts';

export type SinkRow = Selectable<Schema['sinks']>;

export interface RunSinkDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly node: string;
  readonly send: SendParcel;
}

/** What a step of a sink came to: there is more, there is nothing, or it is to be left alone for a while. */
export type SinkStep = 'more' | 'idle' | 'failed';

const rowsPerParcel = 500;
const rowsPerObject = 2_000;
const firstBackOffMs = 1_000;
const longestBackOffMs = 5 * 60_000;

/**
 * One round for a sink: from every node's calls and from the changes, the next records that it has not taken. Where it
 * stands is saved once it has taken them, so that a crash sends some again and never leaves any out; per node they
 * leave in the order in which they happened.
 */
export async function runSink(deps: RunSinkDeps, sink: SinkRow): Promise<SinkStep> {
  const { db, clock, node } = deps;
  if (!(await holdSink(db, sink.id, node, clock.now()))) return 'idle';
  await tellMissed(db, sink.id, clock.now());
  const state = await db
    .selectFrom('sink_states')
    .select(['marks', 'failures', 'next_attempt_at'])
    .where('sink_id', '=', sink.id)
    .executeTakeFirst();
  if (state === undefined) return 'idle';
  if (state.next_attempt_at !== null && state.next_attempt_at > isoTime(clock.now())) return 'failed';
  let marks = JSON.parse(state.marks) as Marks;
  let more = false;
  for await (const { records, after } of batches(deps, sink, marks)) {
    const target = targetOf(sink);
    const outcome = await deps.send(target, parcelOf(target.config, records));
    const now = clock.now();
    if (!outcome.ok) {
      await saveFailure(deps, sink.id, outcome.error, state.failures, outcome.retryAfterMs, now);
      return 'failed';
    }
    marks = after(marks);
    if (!(await saveSuccess(deps, sink.id, marks, records.length, now))) return 'idle';
    more ||= records.length >= sizeOf(sink);
  }
  return more ? 'more' : 'idle';
}

interface Batch {
  readonly records: readonly HandoverRecord[];
  /** The marks once it is taken. */
  readonly after: (marks: Marks) => Marks;
}

async function* batches({ db, clock }: RunSinkDeps, sink: SinkRow, marks: Marks): AsyncGenerator<Batch> {
  const scope = { workspaceId: sink.workspace_id };
  const size = sizeOf(sink);
  const ripe = ripeness(sink, clock.now(), size);
  for (const node of sink.include === 'events' ? [] : await nodesOf(db)) {
    const records = await nextCalls(db, scope, { node, after: marks.calls[node] ?? callsStart }, size);
    if (!ripe(records)) continue;
    const place = placeOfCall(records.at(-1)!);
    yield { records, after: (now) => ({ ...now, calls: { ...now.calls, [node]: place } }) };
  }
  if (sink.include === 'calls') return;
  const before = settledBefore(clock.now());
  const records = await nextEvents(db, scope, { after: marks.events ?? eventsStart, before }, size);
  if (ripe(records)) {
    const place = placeOfEvent(records.at(-1)!);
    yield { records, after: (now) => ({ ...now, events: place }) };
  }
}

const sizeOf = (sink: SinkRow): number => (sink.kind === 's3' ? rowsPerObject : rowsPerParcel);

/** Whether a batch is worth sending: an object in a store waits until it is full or its first record has waited long. */
function ripeness(sink: SinkRow, now: number, size: number): (records: readonly HandoverRecord[]) => boolean {
  const { config } = targetOf(sink);
  const waitMs = config.kind === 's3' ? config.everySeconds * 1000 : 0;
  return (records) =>
    records.length > 0 && (records.length >= size || now - Date.parse(records[0]!.createdAt) >= waitMs);
}

/** @returns whether the sink is still held; if it is not, somebody else knows better where it stands */
async function saveSuccess(
  { db, node }: RunSinkDeps,
  sinkId: string,
  marks: Marks,
  count: number,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sink_states')
    .set((row) => ({
      marks: JSON.stringify(marks),
      delivered: row('delivered', '+', count),
      last_success_at: isoTime(now),
      failures: 0,
      next_attempt_at: null,
    }))
    .where('sink_id', '=', sinkId)
    .where('holder', '=', node)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows) === 1;
}

async function saveFailure(
  { db, node }: RunSinkDeps,
  sinkId: string,
  error: string,
  before: number,
  retryAfterMs: number | undefined,
  now: number,
): Promise<void> {
  // Half of the wait is random, so that many that failed together do not come back together.
  const longest = Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(before, 20));
  const waitMs = Math.max(retryAfterMs ?? 0, longest / 2 + (Math.random() * longest) / 2);
  await db
    .updateTable('sink_states')
    .set({
      failures: before + 1,
      last_error: error,
      last_error_at: isoTime(now),
      next_attempt_at: isoTime(now + waitMs),
    })
    .where('sink_id', '=', sinkId)
    .where('holder', '=', node)
    .execute();
}
