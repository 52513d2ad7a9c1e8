import type { Kysely, Transaction } from 'kysely';
import { visibleText } from '../../domain/definitions/visible-text.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import { inTransaction } from '../../platform/database/database.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { announce, type Occasion } from '../announce.ts';
import { reviewStates } from './review.ts';

/** Servers looked at in one round; the others wait for the next. */
const mostAtOnce = 50;
/** Tools one announcement names. */
const mostNamed = 20;

/**
 * Announce what gateways have written of servers: health that changed, and definitions of pinned tools that are held
 * back. What was told last is in the database, so of several processes that look one announces.
 */
export async function announceServers(db: Kysely<Schema>, clock: Clock): Promise<void> {
  const at = isoTime(clock.now());
  const rows = await db
    .selectFrom('gateway_workspace_servers as server')
    .leftJoin('upstream_health as health', 'health.server_id', 'server.id')
    .leftJoin('upstream_lists as list', (join) =>
      join.onRef('list.server_id', '=', 'server.id').on('list.kind', '=', 'tools'),
    )
    .leftJoin('told_servers as told', 'told.server_id', 'server.id')
    .select(['server.id', 'server.slug', 'server.workspace_id', 'server.pinning'])
    .select(['health.state', 'health.since', 'health.last_error_class', 'list.fetched_at'])
    .select(['told.health as told_health', 'told.tools_fetched_at'])
    .where('server.removed_at', 'is', null)
    // Where nobody would hear of it, nothing is compared.
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('webhooks').select('webhooks.id').whereRef('webhooks.workspace_id', '=', 'server.workspace_id'),
      ),
    )
    .where(({ eb, or, and, ref }) =>
      or([
        and([eb('health.state', 'is not', null), eb('told.health', 'is', null)]),
        eb('health.state', '!=', ref('told.health')),
        and([
          eb('server.pinning', '=', 'on'),
          eb('list.fetched_at', 'is not', null),
          or([eb('told.tools_fetched_at', 'is', null), eb('told.tools_fetched_at', '!=', ref('list.fetched_at'))]),
        ]),
      ]),
    )
    .orderBy('server.id')
    .limit(mostAtOnce)
    .execute();
  for (const row of rows) {
    // Read before the transaction: a long list takes a while, and other writers would wait for it.
    const held = row.pinning === 'on' ? await heldBack(db, row) : undefined;
    await inTransaction(db, async (tx) => {
      const occasion = { tx, now: clock.now() };
      if (!(await claim(tx, row))) return;
      if (row.state !== null && row.told_health !== null && row.state !== row.told_health) {
        const health = { state: row.state, before: row.told_health, since: row.since, lastError: row.last_error_class };
        const decide = { page: `servers/${row.slug}`, command: `mcpnest server health ${row.slug}` };
        const data = { server: row.slug, serverId: row.id, ...health, at };
        await announce(occasion, row.workspace_id, { type: 'server.health_changed', data, decide });
      }
      if (held !== undefined) await announceHeldBack(occasion, row, held);
    });
  }
}

interface Seen {
  readonly id: string;
  readonly slug: string;
  readonly workspace_id: string;
  readonly state: string | null;
  readonly fetched_at: string | null;
  readonly told_health: string | null;
  readonly tools_fetched_at: string | null;
}

interface HeldTool {
  readonly tool: string;
  readonly hash: string;
  readonly why: 'new' | 'changed';
}

async function heldBack(db: Kysely<Schema>, row: Seen): Promise<HeldTool[]> {
  const states = await reviewStates(db, row.id);
  return states.flatMap(({ tool, state, hash }) =>
    (state === 'new' || state === 'changed') && hash !== undefined ? [{ tool, hash, why: state }] : [],
  );
}

/** Write down what is told now. @returns false when somebody else has just told it */
async function claim(tx: Transaction<Schema>, row: Seen): Promise<boolean> {
  const now = { health: row.state, tools_fetched_at: row.fetched_at };
  await tx
    .insertInto('told_servers')
    .values({ server_id: row.id, health: null, tools_fetched_at: null })
    .onConflict((clash) => clash.doNothing())
    .execute();
  const { numUpdatedRows } = await tx
    .updateTable('told_servers')
    .set(now)
    .where('server_id', '=', row.id)
    .where('health', row.told_health === null ? 'is' : '=', row.told_health)
    .where('tools_fetched_at', row.tools_fetched_at === null ? 'is' : '=', row.tools_fetched_at)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Announce, all at once, the definitions that are held back and were not told of. */
async function announceHeldBack(occasion: Occasion, row: Seen, held: readonly HeldTool[]): Promise<void> {
  const { tx } = occasion;
  const before = await tx.selectFrom('told_tools').selectAll().where('server_id', '=', row.id).execute();
  const known = new Map(before.map(({ tool, hash }) => [tool, hash]));
  const fresh = held.filter(({ tool, hash }) => known.get(tool) !== hash);
  const now = new Map(held.map(({ tool, hash }) => [tool, hash]));
  for (const { tool, hash } of before) {
    if (now.get(tool) === hash) continue;
    await tx.deleteFrom('told_tools').where('server_id', '=', row.id).where('tool', '=', tool).execute();
  }
  for (const { tool, hash } of fresh) {
    await tx.insertInto('told_tools').values({ server_id: row.id, tool, hash }).execute();
  }
  if (fresh.length === 0) return;
  const tools = fresh.slice(0, mostNamed).map(({ tool, hash, why }) => ({ tool: visibleText(tool), hash, why }));
  const data = { server: row.slug, serverId: row.id, count: fresh.length, tools };
  const decide = { page: `servers/${row.slug}/review`, command: `mcpnest server review ${row.slug}` };
  await announce(occasion, row.workspace_id, { type: 'tool.held_back', data, decide });
}
