import type { Kysely } from 'kysely';
import type { NameTarget } from '../domain/exposed-name.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { isoTime } from '../platform/clock.ts';
import { inTransaction } from '../platform/database/database.ts';
import type { Schema } from '../platform/database/schema.ts';

/** The tables the gateway may name; any other does not compile. It reads snapshots, writes what it saw, and asks for approvals. */
export type GatewayTables = Pick<
  Schema,
  | 'workspace_snapshots'
  | 'upstream_lists'
  | 'upstream_health'
  | 'health_history'
  | 'handed_out_names'
  | 'token_last_use'
  | 'client_connections'
  | 'approvals'
  | 'hosted_wakes'
>;

/** Version of every workspace's snapshot. */
export const changedSnapshots = async (
  db: Kysely<GatewayTables>,
): Promise<{ workspace_id: string; version: number }[]> =>
  db.selectFrom('workspace_snapshots').select(['workspace_id', 'version']).execute();

export async function readSnapshot(db: Kysely<GatewayTables>, workspaceId: string): Promise<Snapshot | undefined> {
  const row = await db
    .selectFrom('workspace_snapshots')
    .select('body')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.body) as Snapshot);
}

/** The last good list of a kind of a server as JSON text, with the server revision it was read under. */
export async function readUpstreamList(
  db: Kysely<GatewayTables>,
  serverId: string,
  kind: string,
): Promise<{ revision: number; body: string } | undefined> {
  return db
    .selectFrom('upstream_lists')
    .select(['revision', 'body'])
    .where('server_id', '=', serverId)
    .where('kind', '=', kind)
    .executeTakeFirst();
}

export async function writeUpstreamList(
  db: Kysely<GatewayTables>,
  serverId: string,
  kind: string,
  list: { revision: number; body: string },
  now: number,
): Promise<void> {
  const row = { ...list, fetched_at: isoTime(now) };
  await db
    .insertInto('upstream_lists')
    .values({ server_id: serverId, kind, ...row })
    .onConflict((clash) => clash.columns(['server_id', 'kind']).doUpdateSet(row))
    .execute();
}

export interface UpstreamHealth {
  /** `unknown` until the first handshake after start. */
  readonly state: 'unknown' | 'healthy' | 'degraded' | 'down';
  /** ISO time of the last change of state. */
  readonly since: string;
  readonly lastErrorClass: string | null;
  /** Milliseconds of the last successful exchange. */
  readonly latencyMs: number | null;
}

export async function writeUpstreamHealth(
  db: Kysely<GatewayTables>,
  serverId: string,
  health: UpstreamHealth,
  now: number,
): Promise<void> {
  const row = {
    state: health.state,
    since: health.since,
    last_error_class: health.lastErrorClass,
    latency_ms: health.latencyMs,
    checked_at: isoTime(now),
  };
  await db
    .insertInto('upstream_health')
    .values({ server_id: serverId, ...row })
    .onConflict((clash) => clash.column('server_id').doUpdateSet(row))
    .execute();
}

/** Add a state that a server has come into to its history. */
export async function writeHealthHistory(
  db: Kysely<GatewayTables>,
  serverId: string,
  { since, state, lastErrorClass }: UpstreamHealth,
): Promise<void> {
  const errorClass = state === 'healthy' ? null : lastErrorClass;
  await db
    .insertInto('health_history')
    .values({ server_id: serverId, at: since, state, error_class: errorClass })
    // Of two gateways that saw it in the same millisecond one is enough.
    .onConflict((clash) => clash.doNothing())
    .execute();
}

/** Names or URIs of a kind handed out in a workspace so far. */
export async function readHandedOutNames(
  db: Kysely<GatewayTables>,
  workspaceId: string,
  kind: string,
): Promise<Map<string, NameTarget>> {
  const rows = await db
    .selectFrom('handed_out_names')
    .select(['name', 'server_id', 'own'])
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', kind)
    .execute();
  return new Map(rows.map((row) => [row.name, { serverId: row.server_id, own: row.own }]));
}

/** Remember names for good. A name whose earlier server is gone passes to the new one. */
export async function writeHandedOutNames(
  db: Kysely<GatewayTables>,
  workspaceId: string,
  kind: string,
  names: readonly (NameTarget & { name: string })[],
  now: number,
): Promise<void> {
  if (names.length === 0) return;
  const created_at = isoTime(now);
  for (let from = 0; from < names.length; from += 200) {
    await db
      .insertInto('handed_out_names')
      .values(
        names.slice(from, from + 200).map(({ name, serverId, own }) => ({
          workspace_id: workspaceId,
          kind,
          name,
          server_id: serverId,
          own,
          created_at,
        })),
      )
      .onConflict((clash) =>
        clash.columns(['workspace_id', 'kind', 'name']).doUpdateSet((row) => ({
          server_id: row.ref('excluded.server_id'),
          own: row.ref('excluded.own'),
        })),
      )
      .execute();
  }
}

/** When tokens were last used, in milliseconds since the epoch. A later use that another process has written stays. */
export async function writeTokenLastUse(
  db: Kysely<GatewayTables>,
  uses: readonly { readonly tokenId: string; readonly usedAt: number }[],
): Promise<void> {
  await inTransaction(db, async (tx) => {
    for (let from = 0; from < uses.length; from += 200) {
      await tx
        .insertInto('token_last_use')
        .values(
          uses.slice(from, from + 200).map(({ tokenId, usedAt }) => ({ token_id: tokenId, used_at: isoTime(usedAt) })),
        )
        .onConflict((clash) =>
          clash
            .column('token_id')
            .doUpdateSet((row) => ({ used_at: row.ref('excluded.used_at') }))
            .whereRef('token_last_use.used_at', '<', 'excluded.used_at'),
        )
        .execute();
    }
  });
}

/** Ask for a hosted instance that sleeps; asking again changes nothing. */
export async function writeWake(db: Kysely<GatewayTables>, instanceId: string, now: number): Promise<void> {
  const asked_at = isoTime(now);
  await db
    .insertInto('hosted_wakes')
    .values({ instance_id: instanceId, asked_at })
    .onConflict((clash) => clash.column('instance_id').doUpdateSet({ asked_at }))
    .execute();
}
