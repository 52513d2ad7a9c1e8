import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';

/** Changes of state that are read of one server; of one that has more, the last are. */
const mostChanges = 5_000;

/**
 * The share of a span in which a server was not down, as the gateway saw it from real exchanges; a state lasts until
 * the next is seen. Null where nothing was known of it by the end of the span.
 * @param span milliseconds since the epoch
 */
export async function healthyShare(
  db: Kysely<Schema>,
  serverId: string,
  span: { readonly from: number; readonly to: number },
): Promise<number | null> {
  const changes = (
    await db
      .selectFrom('health_history')
      .select(['at', 'state'])
      .where('server_id', '=', serverId)
      .where('at', '<', isoTime(span.to))
      .orderBy('at', 'desc')
      .limit(mostChanges)
      .execute()
  ).reverse();
  let known = 0;
  let up = 0;
  for (const [index, { at, state }] of changes.entries()) {
    const from = Math.max(span.from, Date.parse(at));
    const next = changes[index + 1];
    const to = next === undefined ? span.to : Math.min(span.to, Date.parse(next.at));
    if (to <= from) continue;
    known += to - from;
    if (state !== 'down') up += to - from;
  }
  return known === 0 ? null : up / known;
}
