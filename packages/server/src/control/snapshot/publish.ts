import type { Kysely, Transaction } from 'kysely';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { currentSalts } from '../../platform/digest-salts.ts';
import { keepPolicyVersion } from '../../platform/policy-history.ts';
import { compileSnapshot } from './compile.ts';
import type { SnapshotRows } from './compile.ts';

/**
 * Compile a workspace as this transaction leaves it and store the snapshot with the next version. The version is
 * raised first: that row is the lock which makes a concurrent change wait, and then see this one. What decisions rest
 * on is kept for as long as records refer to it.
 * @param eventId the audit event it follows from; null: none
 * @returns the new version
 */
export async function storeSnapshot(
  tx: Transaction<Schema>,
  workspaceId: string,
  at: string,
  eventId: string | null,
): Promise<number> {
  const raised = await tx
    .updateTable('workspace_snapshots')
    .set((row) => ({ version: row('version', '+', 1) }))
    .where('workspace_id', '=', workspaceId)
    .returning('version')
    .executeTakeFirst();
  const version = raised?.version ?? 1;
  const snapshot = compileSnapshot(await readRows(tx, workspaceId, at), version);
  const body = JSON.stringify(snapshot);
  await keepPolicyVersion(tx, snapshot, at, eventId);
  if (raised === undefined) {
    await tx
      .insertInto('workspace_snapshots')
      .values({ workspace_id: workspaceId, version, body, created_at: at })
      .execute();
  } else {
    await tx
      .updateTable('workspace_snapshots')
      .set({ body, created_at: at })
      .where('workspace_id', '=', workspaceId)
      .execute();
  }
  return version;
}

/** What the gateways rely on for a workspace at the moment, or will within a second. */
export async function readSnapshot(db: Kysely<Schema>, workspaceId: string): Promise<Snapshot> {
  const { body } = await db
    .selectFrom('workspace_snapshots')
    .select('body')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  return JSON.parse(body) as Snapshot;
}

/**
 * Compile every workspace again, as is due after an upgrade: snapshots of the release before lack what this one's
 * gateway relies on.
 */
export async function storeEverySnapshot(tx: Transaction<Schema>, at: string): Promise<void> {
  const rows = await tx.selectFrom('gateway_workspaces').select('id').orderBy('id').execute();
  for (const { id } of rows) await storeSnapshot(tx, id, at, null);
}

async function readRows(tx: Transaction<Schema>, workspaceId: string, at: string): Promise<SnapshotRows> {
  const workspace = await tx
    .selectFrom('gateway_workspaces')
    .select(['id', 'slug', 'name', 'settings'])
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  const servers = await tx
    .selectFrom('gateway_workspace_servers')
    .select(['id', 'slug', 'name', 'url', 'prefix', 'enabled', 'revision', 'config_override'])
    .select(['limits', 'visibility', 'replay_guard', 'pinning'])
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .execute();
  const tokens = await tx
    .selectFrom('gateway_tokens as token')
    .leftJoin('members as member', 'member.id', 'token.member_id')
    .leftJoin('machines as machine', 'machine.id', 'token.machine_id')
    .leftJoin('members as owner', 'owner.id', 'machine.owner_id')
    .select([
      'token.id',
      'token.hash',
      'token.kind',
      'token.member_id',
      'token.machine_id',
      'token.label',
      'token.scope',
      'token.expires_at',
    ])
    .where('token.workspace_id', '=', workspaceId)
    .where('token.revoked_at', 'is', null)
    .where('member.removed_at', 'is', null)
    .where('machine.removed_at', 'is', null)
    .where((row) => row.or([row('machine.enabled', 'is', null), row('machine.enabled', '=', 1)]))
    .where('owner.removed_at', 'is', null)
    .where((row) => row.or([row('token.expires_at', 'is', null), row('token.expires_at', '>', at)]))
    .orderBy('token.id')
    .execute();
  const teamMembers = await tx
    .selectFrom('team_members')
    .innerJoin('teams', 'teams.id', 'team_members.team_id')
    .select(['team_id', 'member_id'])
    .where('teams.workspace_id', '=', workspaceId)
    .orderBy('team_id')
    .execute();
  const networkAllow = await tx
    .selectFrom('network_allow')
    .select(['host', 'port'])
    .orderBy('host')
    .orderBy('port')
    .execute();
  const rules = await tx
    .selectFrom('access_rules')
    .select(['id', 'effect', 'subject_kind', 'subject_id', 'object', 'absolute', 'expires_at', 'created_by'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
  const toolClasses = await tx
    .selectFrom('tool_classes')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'tool_classes.server_id')
    .select(['tool_classes.server_id', 'tool_classes.tool', 'tool_classes.class'])
    .where('server.workspace_id', '=', workspaceId)
    .where('server.removed_at', 'is', null)
    .orderBy('tool_classes.tool')
    .execute();
  const stops = await tx
    .selectFrom('stops')
    .select(['id', 'kind', 'target_id', 'tool', 'expires_at', 'created_by', 'machines'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
  const machines = await tx
    .selectFrom('machines')
    .select(['id', 'owner_id'])
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute();
  const drills = await tx
    .selectFrom('drills')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'drills.server_id')
    .select(['drills.id', 'drills.server_id', 'drills.ends_at'])
    .where('server.workspace_id', '=', workspaceId)
    .where('drills.ends_at', '>', at)
    .execute();
  const hosted = await tx
    .selectFrom('hosted_instances as instance')
    .innerJoin('hosted_workloads as workload', 'workload.instance_id', 'instance.id')
    .select(['instance.id', 'instance.server_id', 'instance.member_id'])
    .select(['workload.state', 'workload.host', 'workload.port', 'workload.retry_at'])
    .where('instance.workspace_id', '=', workspaceId)
    .orderBy('instance.id')
    .execute();
  const approvalSettings = await tx
    .selectFrom('approval_settings as setting')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'setting.server_id')
    .select(['setting.server_id', 'setting.target', 'setting.approvers', 'setting.expires_minutes'])
    .where('server.workspace_id', '=', workspaceId)
    .where('server.removed_at', 'is', null)
    .orderBy('setting.target')
    .execute();
  const toolPins = await tx
    .selectFrom('tool_pins')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'tool_pins.server_id')
    .select(['tool_pins.server_id', 'tool_pins.tool', 'tool_pins.hash'])
    .where('server.workspace_id', '=', workspaceId)
    .where('server.removed_at', 'is', null)
    .where('tool_pins.state', '=', 'approved')
    .orderBy('tool_pins.tool')
    .execute();
  return {
    ...{ workspace, servers, tokens, teamMembers, rules, toolClasses, toolPins, approvalSettings, networkAllow },
    ...{ stops, machines, drills, hosted, argsSalts: await currentSalts(tx, workspaceId, Date.parse(at)) },
  };
}
