import type { Overview } from '@mcpnest/contract/schemas/statistics';
import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourMs, hourName, hourStart } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { showInventory } from './inventory.ts';
import { errorPercent, summarise } from './statistics.ts';

const shown = 5;
/** A server whose fault more than one call in twenty is fails noticeably. */
const failingShare = 0.05;
const soonDays = 7;

/** How the workspace fares over the last hours, and what needs somebody. @param now milliseconds since the epoch */
export async function showOverview(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  count: number,
  now: number,
): Promise<Overview> {
  const end = hourStart(hourName(now)) + hourMs;
  const hours = { from: hourName(end - count * hourMs), to: hourName(end) };
  const { total, groups } = await summarise(db, workspace, hours, 'server');
  const servers = [...groups.values()]
    .filter(({ server }) => server !== '')
    .map(({ server, summary }) => ({ server, ...summary.view() }));
  const { items, counts } = await showInventory(db, workspace, { days: 30 }, now);
  const enabled = items.filter((item) => item.enabled);
  const top = (value: (one: (typeof servers)[number]) => number | null): Overview['busiest'] =>
    servers
      .map((one) => ({ server: one.server, value: value(one) ?? 0 }))
      .filter((one) => one.value > 0)
      .sort((a, b) => b.value - a.value)
      .slice(0, shown);
  const attention: Overview['attention'] = [];
  const say = (kind: Overview['attention'][number]['kind'], server: string | null, what: string, next: string): void =>
    void attention.push({ kind, what, server, next });
  for (const { server, state } of enabled) {
    if (state === 'down') say('down', server, `${server} is down`, `mcpnest server health ${server}`);
    if (state === 'drill') say('drill', server, `a failure drill runs on ${server}`, `mcpnest drill report ${server}`);
  }
  for (const { server, calls, faults } of servers) {
    if (faults.upstream / calls <= failingShare) continue;
    const what = `${faults.upstream} of ${calls} calls of ${server} failed by its fault`;
    say('failing', server, what, `mcpnest audit stats --by tool --server ${server}`);
  }
  await sayWaiting(db, workspace, now, (kind, what, next) => say(kind, null, what, next));
  for (const { server, pendingReview } of enabled) {
    if (pendingReview === 0) continue;
    say('review', server, `${pendingReview} tools of ${server} are held back`, `mcpnest server review ${server}`);
  }
  for (const { server, orphaned } of items) {
    if (orphaned !== null)
      say('orphaned', server, `${server}: ${orphaned}`, `mcpnest server edit ${server} --maintainer <email>`);
  }
  for (const { server, used } of enabled) {
    if (!used)
      say('unused', server, `${server} was not called for 30 days`, `mcpnest audit timeline --server ${server}`);
  }
  return {
    ...{ from: isoTime(hourStart(hours.from)), to: isoTime(end), errorPercent },
    servers: { enabled: enabled.length, online: counts.online, byState: tally(items.map(({ state }) => state)) },
    calls: total.view(),
    busiest: top(({ calls }) => calls),
    failing: top(({ faults }) => faults.upstream),
    slowest: top(({ latencyMs }) => latencyMs.p95),
    attention: attention.slice(0, 100),
  };
}

async function sayWaiting(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  now: number,
  say: (kind: 'approval' | 'stop' | 'token', what: string, next: string) => void,
): Promise<void> {
  const at = isoTime(now);
  const soon = isoTime(now + soonDays * 24 * hourMs);
  const count = async (rows: { executeTakeFirstOrThrow(): Promise<{ count: number | string | bigint }> }) =>
    Number((await rows.executeTakeFirstOrThrow()).count);
  const approvals = await count(
    db
      .selectFrom('approvals')
      .select((row) => row.fn.countAll().as('count'))
      .where('workspace_id', '=', workspace.id)
      .where('state', '=', 'pending')
      .where('expires_at', '>', at),
  );
  if (approvals > 0)
    say(
      'approval',
      `${approvals === 1 ? '1 call waits' : `${approvals} calls wait`} for an approval`,
      'mcpnest approval list',
    );
  const stops = await count(
    db
      .selectFrom('stops')
      .select((row) => row.fn.countAll().as('count'))
      .where('workspace_id', '=', workspace.id)
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)])),
  );
  if (stops > 0) say('stop', `${stops} stops are in force`, 'mcpnest stop list');
  const tokens = await count(
    db
      .selectFrom('gateway_tokens')
      .select((row) => row.fn.countAll().as('count'))
      .where('workspace_id', '=', workspace.id)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', at)
      .where('expires_at', '<', soon),
  );
  if (tokens > 0) say('token', `${tokens} gateway tokens expire within ${soonDays} days`, 'mcpnest token list');
}

const tally = (values: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]));
