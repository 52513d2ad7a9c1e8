import type { Kysely, Transaction } from 'kysely';
import { readHosting } from '../domain/hosted/hosting.ts';
import type { ProfileName } from '../domain/hosted/entry.ts';
import type { ReachedAddress } from '../domain/hosted/reached.ts';
import { wakes, type Crash } from '../domain/hosted/workload.ts';
import { isoTime } from '../platform/clock.ts';
import { inTransaction } from '../platform/database/database.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { Endpoint, RecordedWorkload } from './plan.ts';

/** The tables the orchestrator may name. It writes workloads, wakes it has answered, usage and its lease. */
export type OrchestratorTables = Pick<
  Schema,
  | 'hosted_instances'
  | 'hosted_secrets'
  | 'hosted_workloads'
  | 'hosted_wakes'
  | 'hosted_usage'
  | 'mcp_allowed_images'
  | 'mcp_tool_calls'
  | 'gateway_workspaces'
  | 'gateway_workspace_servers'
  | 'members'
  | 'network_allow'
  | 'leases'
>;

type Db = Kysely<OrchestratorTables>;

/** An instance as it was asked for, with what it depends on. */
export interface StoredInstance {
  readonly id: string;
  readonly workspaceId: string;
  readonly serverSlug: string;
  readonly entrySlug: string;
  readonly entryVersion: number;
  readonly image: string;
  readonly digest: string;
  readonly profile: ProfileName;
  /** What its values name, and whether an owner has opened exactly that. */
  readonly reaches: readonly (ReachedAddress & { readonly opened: boolean })[];
  readonly token: string;
  readonly restarts: number;
  readonly enabled: boolean;
  readonly imageAllowed: boolean;
  /** It belongs to a member who has left. */
  readonly abandoned: boolean;
  readonly serverEnabled: boolean;
  readonly idleMinutes: number | null;
  readonly pausedMinutes: number;
  readonly woken: boolean;
  readonly recorded: RecordedWorkload;
}

/** Everything that shall run, in one reading. */
export async function readInstances(db: Db): Promise<StoredInstance[]> {
  const rows = await db
    .selectFrom('hosted_instances as instance')
    .innerJoin('hosted_workloads as workload', 'workload.instance_id', 'instance.id')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'instance.workspace_id')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'instance.server_id')
    .leftJoin('members as member', 'member.id', 'instance.member_id')
    .leftJoin('hosted_wakes as wake', 'wake.instance_id', 'instance.id')
    .select(['instance.id', 'instance.workspace_id', 'instance.entry_slug', 'instance.entry_version'])
    .select(['instance.image', 'instance.digest', 'instance.profile', 'instance.token', 'instance.restarts'])
    .select('instance.reaches')
    .select(['workload.state', 'workload.since', 'workload.headline', 'workload.host', 'workload.port'])
    .select(['workload.crashes', 'workload.retry_at', 'workload.restarts_done'])
    .select(['workspace.settings', 'server.slug', 'server.enabled', 'member.removed_at', 'wake.asked_at'])
    .orderBy('instance.id')
    .execute();
  if (rows.length === 0) return [];
  const images = await db
    .selectFrom('mcp_allowed_images')
    .select(['image', 'digest', 'entry_slug', 'entry_version'])
    .where('revoked_at', 'is', null)
    .execute();
  const keyOf = (row: (typeof images)[number]): string =>
    `${row.image} ${row.digest} ${row.entry_slug} ${row.entry_version}`;
  const allowed = new Set(images.map(keyOf));
  const entries = await db.selectFrom('network_allow').select(['host', 'port']).execute();
  const opened = new Set(entries.map(({ host, port }) => `${host}:${port}`));
  return rows.map((row) => {
    const { orchestratorEnabled, idleMinutes, pausedMinutes } = readHosting(row.settings);
    return {
      id: row.id,
      workspaceId: row.workspace_id,
      serverSlug: row.slug,
      entrySlug: row.entry_slug,
      entryVersion: row.entry_version,
      image: row.image,
      digest: row.digest,
      profile: row.profile,
      reaches: (JSON.parse(row.reaches) as ReachedAddress[]).map((address) => ({
        ...address,
        opened: opened.has(`${address.host}:${address.port}`),
      })),
      token: row.token,
      restarts: row.restarts,
      enabled: orchestratorEnabled,
      imageAllowed: allowed.has(keyOf(row)),
      abandoned: row.removed_at !== null,
      serverEnabled: row.enabled === 1,
      idleMinutes,
      pausedMinutes,
      woken: row.asked_at !== null,
      recorded: {
        state: row.state,
        since: Date.parse(row.since),
        headline: row.headline,
        endpoint: row.host === null || row.port === null ? null : { host: row.host, port: row.port },
        crashes: JSON.parse(row.crashes) as Crash[],
        retryAt: row.retry_at === null ? null : Date.parse(row.retry_at),
        restartsDone: row.restarts_done,
      },
    };
  });
}

/** The sealed values of an instance by key. */
export async function readSecrets(db: Db, instanceId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('hosted_secrets')
    .select(['key', 'sealed'])
    .where('instance_id', '=', instanceId)
    .execute();
  return new Map(rows.map(({ key, sealed }) => [key, sealed]));
}

/** When a server was last called, in milliseconds since the epoch; undefined: never, as far as records are kept. */
export async function readLastCall(db: Db, workspaceId: string, serverSlug: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('mcp_tool_calls')
    .select('created_at')
    .where('workspace_id', '=', workspaceId)
    .where('server_slug', '=', serverSlug)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : Date.parse(row.created_at);
}

/** When a call last asked for an instance; undefined: all are answered. */
export async function readNewestWake(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('hosted_wakes')
    .select(({ fn }) => fn.max('asked_at').as('at'))
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** Whose word counts: the holder of the lease with this fence. */
export interface Authority {
  readonly lease: string;
  readonly holder: string;
  readonly fence: number;
}

export interface WorkloadChange {
  readonly state: RecordedWorkload['state'];
  readonly headline?: string | null;
  readonly endpoint?: Endpoint | null;
  readonly crashes?: readonly Crash[];
  /** Milliseconds since the epoch. */
  readonly retryAt?: number | null;
  readonly restartsDone?: number;
}

/**
 * Record how an instance fares; what is left out of headline, endpoint and retryAt is none, the rest stays.
 * @returns false: nothing was written, because the instance has ended or somebody else holds the lease now
 */
export async function writeWorkload(
  db: Db,
  by: Authority,
  instanceId: string,
  change: WorkloadChange,
  now: number,
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    if (!(await holds(tx, by))) return false;
    const before = await tx
      .selectFrom('hosted_workloads')
      .select(['state', 'since', 'host', 'port', 'revision', 'retry_at'])
      .where('instance_id', '=', instanceId)
      .executeTakeFirst();
    if (before === undefined) return false;
    const { state, headline = null, endpoint = null, crashes, retryAt = null, restartsDone } = change;
    const [host, port] = [endpoint?.host ?? null, endpoint?.port ?? null];
    const retry_at = retryAt === null ? null : isoTime(retryAt);
    const waited = wakes(state, retry_at) !== wakes(before.state, before.retry_at);
    const shown = host !== before.host || port !== before.port || waited;
    await tx
      .updateTable('hosted_workloads')
      .set({
        ...{ state, headline, host, port, retry_at },
        since: state === before.state ? before.since : isoTime(now),
        revision: before.revision + (shown ? 1 : 0),
        ...(crashes === undefined ? {} : { crashes: JSON.stringify(crashes) }),
        ...(restartsDone === undefined ? {} : { restarts_done: restartsDone }),
      })
      .where('instance_id', '=', instanceId)
      .execute();
    // Whoever asks from here on asks anew.
    if (state === 'sleeping' || state === 'running')
      await tx.deleteFrom('hosted_wakes').where('instance_id', '=', instanceId).execute();
    return true;
  });
}

/** Lock the lease, so that nobody takes over between this check and the writing. */
async function holds(tx: Transaction<OrchestratorTables>, { lease, holder, fence }: Authority): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('leases')
    .set((row) => ({ fence: row.ref('fence') }))
    .where('name', '=', lease)
    .where('holder', '=', holder)
    .where('fence', '=', fence)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows) === 1;
}

/** What an instance used since it was last measured. */
export interface UsageSample {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** Add to the usage of an instance on a day; of one that has ended there is nothing to add to. */
export async function addUsage(db: Db, instanceId: string, day: string, sample: UsageSample): Promise<void> {
  await inTransaction(db, async (tx) => {
    const known = await tx.selectFrom('hosted_instances').select('id').where('id', '=', instanceId).executeTakeFirst();
    if (known === undefined) return;
    const megabyteSeconds = Math.round((sample.memoryBytes / 1_048_576) * sample.seconds);
    await tx
      .insertInto('hosted_usage')
      .values({
        instance_id: instanceId,
        day,
        running_seconds: sample.seconds,
        cpu_ms: sample.cpuMs,
        memory_peak_bytes: sample.memoryBytes,
        memory_megabyte_seconds: megabyteSeconds,
      })
      .onConflict((clash) =>
        clash.columns(['instance_id', 'day']).doUpdateSet((row) => ({
          running_seconds: row('hosted_usage.running_seconds', '+', sample.seconds),
          cpu_ms: row('hosted_usage.cpu_ms', '+', sample.cpuMs),
          memory_peak_bytes: row
            .case()
            .when('hosted_usage.memory_peak_bytes', '<', sample.memoryBytes)
            .then(sample.memoryBytes)
            .else(row.ref('hosted_usage.memory_peak_bytes'))
            .end(),
          memory_megabyte_seconds: row('hosted_usage.memory_megabyte_seconds', '+', megabyteSeconds),
        })),
      )
      .execute();
  });
}
