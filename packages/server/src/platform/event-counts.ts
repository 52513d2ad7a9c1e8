import type { Kysely } from 'kysely';
import { insertEvent } from './audit-events.ts';
import { isoTime } from './clock.ts';
import { inTransaction } from './database/database.ts';
import type { Schema } from './database/schema.ts';

/** Something that may happen very often: of one minute it becomes one event, which says how often. */
export interface CountedEvent {
  /** Null: it concerns the instance. */
  readonly workspaceId: string | null;
  /** Ids only. */
  readonly actor: string;
  readonly action: string;
  readonly target: string;
}

const minuteMs = 60_000;
const mostPerRun = 200;

const minuteOf = (now: number): string => isoTime(now - (now % minuteMs));

/**
 * Count something; it is on record once this resolves.
 * @param now milliseconds since the epoch
 * @param count how often it happened
 */
export async function countEvent(
  db: Kysely<Schema>,
  { workspaceId, actor, action, target }: CountedEvent,
  now: number,
  count = 1,
): Promise<void> {
  await db
    .insertInto('event_counts')
    .values({ minute: minuteOf(now), actor, action, workspace_id: workspaceId ?? '', target, count })
    .onConflict((clash) =>
      clash
        .columns(['minute', 'actor', 'action', 'workspace_id', 'target'])
        .doUpdateSet((row) => ({ count: row('event_counts.count', '+', row.ref('excluded.count')) })),
    )
    .execute();
}

/**
 * Make events of the minutes that are over, each once, whoever else does the same.
 * @param now milliseconds since the epoch
 */
export async function settleCounts(db: Kysely<Schema>, now: number): Promise<void> {
  const over = await db
    .selectFrom('event_counts')
    .selectAll()
    .where('minute', '<', minuteOf(now))
    .orderBy('minute')
    .limit(mostPerRun)
    .execute();
  for (const { minute, actor, action, workspace_id, target } of over) {
    await inTransaction(db, async (tx) => {
      const row = await tx
        .deleteFrom('event_counts')
        .where('minute', '=', minute)
        .where('actor', '=', actor)
        .where('action', '=', action)
        .where('workspace_id', '=', workspace_id)
        .where('target', '=', target)
        .returning('count')
        .executeTakeFirst();
      if (row === undefined) return;
      const workspaceId = workspace_id === '' ? null : workspace_id;
      await insertEvent(tx, { workspaceId, actor, action, target, detail: { count: row.count, minute } }, now);
    });
  }
}
