import type { CheckpointTarget, TargetCreate } from '@mcpnest/contract/schemas/proofs';
import type { Kysely } from 'kysely';
import { alreadyExists, conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import { instanceLog } from '../../platform/proof/log-files.ts';
import { NotPublished, type SendCheckpoint } from '../../platform/proof/send-checkpoint.ts';
import { openTarget, sealTarget, type TargetRow } from '../../platform/proof/target.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';

const toTarget = (row: TargetRow): CheckpointTarget => {
  const { url, path } = JSON.parse(row.config) as { url?: string; path?: string };
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    location: url ?? path ?? '',
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastSuccessAt: row.last_success_at,
    lastError: row.last_error,
    failingSince: row.failing_since,
  };
};

/** The places checkpoints are published to, by name. */
export async function listTargets(db: Kysely<Schema>): Promise<CheckpointTarget[]> {
  return (await db.selectFrom('checkpoint_targets').selectAll().orderBy('name').execute()).map(toTarget);
}

/** Publish there from now on. @throws AppError `already_exists` */
export async function createTarget(change: Change, vault: Vault, body: TargetCreate): Promise<CheckpointTarget> {
  const { kind, name } = body;
  const same = await change.tx
    .selectFrom('checkpoint_targets')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (same !== undefined) throw alreadyExists('checkpoint target', name);
  const id = newId(change.now);
  const { config, secrets } = apart(body);
  const row: TargetRow = {
    id,
    name,
    kind,
    config: JSON.stringify(config),
    sealed: sealTarget(vault, id, secrets),
    created_by: change.actorName,
    created_at: change.at,
    last_success_at: null,
    last_error: null,
    failing_since: null,
  };
  await change.tx.insertInto('checkpoint_targets').values(row).execute();
  await change.record({
    workspaceId: null,
    target: `checkpoint-target:${name}`,
    detail: { kind, location: toTarget(row).location },
    publish: 'nothing',
  });
  return toTarget(row);
}

/** What may be shown of a target, and what is sealed. */
function apart(body: TargetCreate): { config: object; secrets: Record<string, string> } {
  if (body.kind === 'folder') return { config: { path: body.path }, secrets: {} };
  if (body.kind === 'https') {
    const { url, method, headers = {} } = body;
    return { config: { url, method }, secrets: headers };
  }
  const { url, prefix, region, accessKeyId, lock, secretAccessKey } = body;
  return { config: { url, prefix, region, accessKeyId, lock }, secrets: { secretAccessKey } };
}

/** @throws AppError `not_found` */
export async function removeTarget(change: Change, id: string): Promise<void> {
  const row = await change.tx.selectFrom('checkpoint_targets').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('checkpoint target', id);
  await change.tx.deleteFrom('checkpoint_targets').where('id', '=', id).execute();
  await change.record({ workspaceId: null, target: `checkpoint-target:${row.name}`, publish: 'nothing' });
}

/**
 * Publish the last checkpoint there now.
 * @throws AppError `not_found`, or `conflict` when there is no checkpoint yet
 */
export async function testTarget(
  db: Kysely<Schema>,
  { proof, vault, send }: { proof: ProofAccess; vault: Vault; send: SendCheckpoint },
  id: string,
): Promise<{ ok: boolean; error: string | null }> {
  const row = await db.selectFrom('checkpoint_targets').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('checkpoint target', id);
  using log = proof.open(instanceLog);
  if (log === undefined) throw conflict('No checkpoint was signed yet. The first is a minute after the server starts.');
  try {
    await send(openTarget(vault, row), log.note);
    return { ok: true, error: null };
  } catch (error) {
    if (error instanceof NotPublished) return { ok: false, error: error.message };
    throw error;
  }
}
