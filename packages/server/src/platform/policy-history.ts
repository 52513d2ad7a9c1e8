import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Kysely, Transaction } from 'kysely';
import { policyBody, policyDigest, snapshotOf } from '../domain/policy-body.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { isoTime } from './clock.ts';
import type { Schema } from './database/schema.ts';

export type PolicyTables = Pick<Schema, 'policy_versions' | 'policy_bodies'>;

/** A policy as it was kept. */
export interface KeptPolicy {
  readonly version: number;
  /** Of the canonical body, as it was recorded when the version was made. */
  readonly digest: string;
  readonly createdAt: string;
  /** The audit event it followed from; null: none, as after an upgrade. */
  readonly eventId: string | null;
  readonly snapshot: Snapshot;
  /** Whether the body still has this digest. */
  readonly intact: boolean;
}

/** No policy comes near it; what was tampered with shall not fill the memory. */
const largestBody = 256 * 1024 * 1024;
const deflated = promisify(deflateRaw);
const inflated = promisify(inflateRaw);

/**
 * Keep the policy of a version, in the transaction that stores its snapshot.
 * @param at stored time
 * @param eventId the event the version follows from
 */
export async function keepPolicyVersion(
  tx: Transaction<Schema>,
  snapshot: Snapshot,
  at: string,
  eventId: string | null,
): Promise<void> {
  const workspace_id = snapshot.workspace.id;
  const body = policyBody(snapshot);
  const digest = policyDigest(body);
  const known = await tx
    .selectFrom('policy_bodies')
    .select('digest')
    .where('workspace_id', '=', workspace_id)
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (known === undefined) {
    const text = (await deflated(body)).toString('base64');
    await tx.insertInto('policy_bodies').values({ workspace_id, digest, body: text }).execute();
  }
  await tx
    .insertInto('policy_versions')
    .values({ workspace_id, version: snapshot.version, digest, created_at: at, event_id: eventId })
    .execute();
}

/** The policy of one version; undefined when it is not kept, or not any more. */
export async function readPolicyVersion(
  db: Kysely<PolicyTables>,
  workspaceId: string,
  version: number,
): Promise<KeptPolicy | undefined> {
  return read(await kept(db, workspaceId).where('version', '=', version).executeTakeFirst());
}

/**
 * The policy that was in force at a moment; gateways follow within a second.
 * @param at stored time
 * @returns undefined when nothing so old is kept
 */
export async function readPolicyAt(
  db: Kysely<PolicyTables>,
  workspaceId: string,
  at: string,
): Promise<KeptPolicy | undefined> {
  return read(
    await kept(db, workspaceId)
      .where('policy_versions.created_at', '<=', at)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst(),
  );
}

/** When the oldest policy that is kept came into force; stored time. */
export async function oldestPolicyAt(db: Kysely<PolicyTables>, workspaceId: string): Promise<string | null> {
  const { at } = await db
    .selectFrom('policy_versions')
    .select((row) => row.fn.min('created_at').as('at'))
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  return at;
}

const kept = (db: Kysely<PolicyTables>, workspaceId: string) =>
  db
    .selectFrom('policy_versions')
    .innerJoin('policy_bodies', (join) =>
      join
        .onRef('policy_bodies.workspace_id', '=', 'policy_versions.workspace_id')
        .onRef('policy_bodies.digest', '=', 'policy_versions.digest'),
    )
    .select(['version', 'policy_versions.digest', 'created_at', 'event_id', 'body'])
    .where('policy_versions.workspace_id', '=', workspaceId);

async function read(
  row: { version: number; digest: string; created_at: string; event_id: string | null; body: string } | undefined,
): Promise<KeptPolicy | undefined> {
  if (row === undefined) return undefined;
  const { version, digest, created_at: createdAt, event_id: eventId } = row;
  const body = (await inflated(Buffer.from(row.body, 'base64'), { maxOutputLength: largestBody })).toString();
  return {
    version,
    digest,
    createdAt,
    eventId,
    snapshot: snapshotOf(body, version),
    intact: policyDigest(body) === digest,
  };
}

/** A gateway may go on with a snapshot that is this much older than its successor, and a call may take its time. */
const lagMs = 3_600_000;

/**
 * Forget the versions of a workspace that were replaced before a moment, except those a call that is still kept may
 * have been decided by. The version in force is never forgotten, and none that was in force after that moment.
 * @param before milliseconds since the epoch: as far back as the workspace keeps its records
 * @returns how many versions are gone
 */
export async function prunePolicyVersions(
  db: Kysely<PolicyTables & Pick<Schema, 'mcp_tool_calls'>>,
  workspaceId: string,
  before: number,
): Promise<number> {
  const { at } = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.min('created_at').as('at'))
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  const oldest = at === null ? before : Math.min(before, Date.parse(at));
  // Versions count upwards in time, so all that were replaced are below the one that was in force then.
  const inForce = await db
    .selectFrom('policy_versions')
    .select((row) => row.fn.max('version').as('version'))
    .where('workspace_id', '=', workspaceId)
    .where('created_at', '<=', isoTime(oldest - lagMs))
    .executeTakeFirstOrThrow();
  if (inForce.version === null) return 0;
  const { numDeletedRows } = await db
    .deleteFrom('policy_versions')
    .where('workspace_id', '=', workspaceId)
    .where('version', '<', inForce.version)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) return 0;
  await db
    .deleteFrom('policy_bodies')
    .where('workspace_id', '=', workspaceId)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('policy_versions')
            .select('version')
            .whereRef('policy_versions.workspace_id', '=', 'policy_bodies.workspace_id')
            .whereRef('policy_versions.digest', '=', 'policy_bodies.digest'),
        ),
      ),
    )
    .execute();
  return Number(numDeletedRows);
}
