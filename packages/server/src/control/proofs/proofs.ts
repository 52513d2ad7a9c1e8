import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteStream } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import { conflict, notFound } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import { bundleLines, rangeOfDays } from '../../platform/proof/bundle.ts';
import type { InclusionText } from '../../platform/proof/frames.ts';
import { proveCall, type RecordPlace } from '../../platform/proof/prove.ts';
import { keysOf } from './keys.ts';

const chunkBytes = 64 * 1024;
/** How long a proof may wait for the checkpoint that covers its call. */
const sealWaitMs = 5_000;

/**
 * The proof of one call.
 * @param size of the checkpoint it is to lead to; default: the last
 * @throws AppError `not_found`; `conflict` when another node recorded it, no such checkpoint covers it, or its records
 * were purged
 */
export async function showProof(
  db: Kysely<Schema>,
  proof: ProofAccess,
  workspaceId: string,
  callId: string,
  size: number | undefined,
): Promise<InclusionText> {
  const row = await db
    .selectFrom('mcp_tool_calls')
    .select(['node', 'epoch', 'seq'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', callId)
    .executeTakeFirst();
  if (row === undefined) throw notFound('call', callId);
  if (row.node !== proof.nodeId)
    throw conflict(`Node ${row.node} recorded this call; ask the server that runs on its data folder.`);
  const made = await prove(proof, workspaceId, callId, row, size);
  if (made !== undefined) return made;
  // Where it does not come to that, the second look finds nothing either.
  const sealed = proof.sealing?.sealed().catch(() => undefined);
  await Promise.race([sealed, sleep(sealWaitMs, undefined, { ref: false })]);
  const later = await prove(proof, workspaceId, callId, row, size);
  if (later !== undefined) return later;
  throw conflict(
    size === undefined
      ? 'No checkpoint covers this call, or its records were purged. One is signed every minute while the server runs: mcpnest audit status'
      : `There is no checkpoint of ${size} records that covers this call, or its records were purged.`,
  );
}

async function prove(
  proof: ProofAccess,
  workspaceId: string,
  callId: string,
  begin: RecordPlace,
  size: number | undefined,
): Promise<InclusionText | undefined> {
  const keys = keysOf(proof);
  using log = proof.open(workspaceId);
  return log === undefined ? undefined : await proveCall(log, proof.nodeId, keys, { callId, begin, size });
}

/**
 * The records of a workspace on this node with what proves them, made while it is read.
 * @throws AppError `unavailable` where the list of keys is damaged; `conflict` when the log did not have `since` records yet, or what proves it was purged
 */
export function streamBundle(
  proof: ProofAccess,
  workspaceId: string,
  { from, to, since }: { from?: string | undefined; to?: string | undefined; since?: number | undefined },
): ByteStream {
  const keys = keysOf(proof);
  const log = proof.open(workspaceId);
  if (since !== undefined && (log === undefined || since > log.checkpoint.size || since < log.purged)) {
    log?.[Symbol.dispose]();
    throw conflict(`The log has no ${since} records, or they were purged: mcpnest audit status`);
  }
  const logs = log === undefined ? [] : [{ log, range: rangeOfDays(log, from, to), since }];
  const lines = bundleLines({ node: proof.nodeId, keys }, logs);
  const close = (): void => log?.[Symbol.dispose]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      try {
        const { text, done } = take(lines);
        if (text !== '') controller.enqueue(Buffer.from(text));
        if (!done) return;
        close();
        controller.close();
      } catch (error) {
        close();
        controller.error(error);
      }
    },
    cancel: close,
  });
  const name = `mcpnest-${workspaceId}.bundle.jsonl`;
  return {
    contentType: 'application/x-ndjson',
    headers: { 'content-disposition': `attachment; filename="${name}"` },
    body,
  };
}

function take(lines: Generator<string>): { text: string; done: boolean } {
  let text = '';
  while (text.length < chunkBytes) {
    const { value, done } = lines.next();
    if (done === true) return { text, done };
    text += value;
  }
  return { text, done: false };
}
