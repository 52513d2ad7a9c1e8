import type { Sink } from '@mcpnest/contract/schemas/sinks';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { writeMarks, type Marks } from '../../platform/handover/marks.ts';
import { targetOf } from '../../platform/sinks/config.ts';
import { lagOf } from '../../platform/sinks/lag.ts';
import type { SinkRow } from './sinks.ts';

/** A sink as its administrators see it: how far it is, what it has not taken, and no secret. */
export async function viewSink(db: Kysely<Schema>, clock: Clock, row: SinkRow): Promise<Sink> {
  const state = await db.selectFrom('sink_states').selectAll().where('sink_id', '=', row.id).executeTakeFirstOrThrow();
  const marks = JSON.parse(state.marks) as Marks;
  const { rows, more, oldestAt } = await lagOf(db, row, marks);
  const seconds = oldestAt === null ? 0 : Math.max(0, Math.round((clock.now() - Date.parse(oldestAt)) / 1000));
  const { kind: _, ...config } = targetOf(row).config;
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    include: row.include,
    config,
    pausedSince: row.paused_at,
    cursor: writeMarks(marks),
    lag: { rows, more, seconds },
    delivered: state.delivered,
    missed: state.missed,
    failures: state.failures,
    lastSuccessAt: state.last_success_at,
    lastErrorAt: state.last_error_at,
    lastError: state.last_error,
    nextAttemptAt: state.next_attempt_at,
    sentBy: state.holder,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
