import type { HealthHistory, healthHistoryQuery } from '@mcpnest/contract/schemas/charts';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { invalidInput } from '../../domain/errors.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';

/** Changes of state that are read; of a server that has more in the span, the last are. */
const mostChanges = 5_000;
const usualMs = 86_400_000;

type Bar = HealthHistory['bars'][number];

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly errorClass: string | null;
}

/** Which of several states a bar shows; one that is not named here comes between the known ones and `down`. */
const gravity = ['unknown', 'healthy', 'degraded'];
const graver = (a: string, b: string): string => (weight(b) > weight(a) ? b : a);
const weight = (state: string): number =>
  state === 'down' ? gravity.length + 1 : gravity.includes(state) ? gravity.indexOf(state) : gravity.length;

/**
 * What the gateway saw of a server, in bars of equal length; a state lasts until the next is seen.
 * @param now milliseconds since the epoch
 * @throws AppError `invalid_input` for an empty span
 */
export async function healthBars(
  db: Kysely<Schema>,
  serverId: string,
  query: z.output<typeof healthHistoryQuery>,
  now: number,
): Promise<HealthHistory> {
  const to = Math.min(query.to === undefined ? now : Date.parse(query.to), now);
  const from = query.from === undefined ? to - usualMs : Date.parse(query.from);
  if (to - from < query.bars)
    throw invalidInput('The span is empty: from must come before to, and before now.', [
      { path: 'query.from', message: 'must come before to' },
    ]);
  const stretches = await stretchesIn(db, serverId, { from, to });
  const edge = (index: number): number => Math.round(from + ((to - from) * index) / query.bars);
  const bars = Array.from({ length: query.bars }, (_, index) => barOf(edge(index), edge(index + 1), stretches));
  const known = stretches.reduce((sum, { from: a, to: b }) => sum + b - a, 0);
  const down = bars.reduce((sum, { downMs }) => sum + downMs, 0);
  return { from: isoTime(from), to: isoTime(to), healthyShare: known === 0 ? null : 1 - down / known, bars };
}

async function stretchesIn(
  db: Kysely<Schema>,
  serverId: string,
  span: { readonly from: number; readonly to: number },
): Promise<Stretch[]> {
  const rows = await db
    .selectFrom('health_history')
    .select(['at', 'state', 'error_class'])
    .where('server_id', '=', serverId)
    .where('at', '<', isoTime(span.to))
    .orderBy('at', 'desc')
    .limit(mostChanges)
    .execute();
  const changes = rows.reverse();
  return changes
    .map(({ at, state, error_class: errorClass }, index) => ({
      from: Math.max(Date.parse(at), span.from),
      to: Math.min(Date.parse(changes[index + 1]?.at ?? isoTime(span.to)), span.to),
      ...{ state, errorClass },
    }))
    .filter(({ from, to }) => to > from);
}

function barOf(from: number, to: number, stretches: readonly Stretch[]): Bar {
  let bar: Bar = { from: isoTime(from), to: isoTime(to), state: 'unknown', downMs: 0, errorClass: null };
  for (const stretch of stretches) {
    const shared = Math.min(stretch.to, to) - Math.max(stretch.from, from);
    if (shared <= 0) continue;
    bar = {
      ...bar,
      state: graver(bar.state, stretch.state),
      downMs: bar.downMs + (stretch.state === 'down' ? shared : 0),
      errorClass: stretch.errorClass ?? bar.errorClass,
    };
  }
  return bar;
}
