import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../../platform/clock.ts';
import { inTransaction } from '../../platform/database/database.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { announce, type Announcement, type Occasion } from '../announce.ts';
import { readDirectory } from '../subjects.ts';
import { requesterOf, selectApprovals, type ApprovalRow } from './queries.ts';

/** What webhooks have been told of a request (`approvals.announced`). */
const told = { nothing: 0, asked: 1, all: 2 } as const;
/** Requests that are announced in one round. */
const mostAtOnce = 100;

/**
 * Announce what gateways have asked for, and what nobody has decided in time. Gateways write requests and know of no
 * webhooks; of several processes that look, one announces each.
 */
export async function announceApprovals(db: Kysely<Schema>, clock: Clock): Promise<void> {
  const at = isoTime(clock.now());
  const rows = await db
    .selectFrom('approvals')
    .select(['id', 'workspace_id'])
    .where('announced', '<', told.all)
    .where((row) =>
      row.or([
        row('announced', '=', told.nothing),
        row('expires_at', '<=', at),
        row('state', 'not in', ['pending', 'approved']),
      ]),
    )
    .orderBy('id')
    .limit(mostAtOnce)
    .execute();
  for (const { id, workspace_id } of rows) {
    await inTransaction(db, async (tx) => {
      const now = clock.now();
      const found = await selectApprovals(tx, { id: workspace_id }).where('approval.id', '=', id).executeTakeFirst();
      if (found === undefined) return;
      const open = (found.state === 'pending' || found.state === 'approved') && found.expires_at > isoTime(now);
      const next = open ? told.asked : told.all;
      // Somebody else may have been quicker since the list was read.
      if (found.announced >= next || !(await claim(tx, found, next))) return;
      if (open) await announceRequested({ tx, now }, found);
      else if (found.decided_at === null && (found.state === 'pending' || found.state === 'expired')) {
        await announce({ tx, now }, workspace_id, { type: 'approval.expired', data: about(found) });
      }
    });
  }
}

/** Announce a decision; what no courier has come by yet, that it was asked for, first. */
export async function announceDecided(occasion: Occasion, row: ApprovalRow, by: string): Promise<void> {
  if (row.announced === told.nothing && (await claim(occasion.tx, row, told.asked))) {
    await announceRequested(occasion, row);
  }
  const { tx } = occasion;
  await tx.updateTable('approvals').set({ announced: told.all }).where('id', '=', row.id).execute();
  const data = { ...about(row), decision: row.state, reason: row.reason, decidedBy: by };
  await announce(occasion, row.workspace_id, { type: 'approval.decided', data });
}

async function announceRequested(occasion: Occasion, row: ApprovalRow): Promise<void> {
  const directory = await readDirectory(occasion.tx, { id: row.workspace_id });
  const approvers = (JSON.parse(row.approvers) as string[]).map((text) => {
    const [kind, id] = text.split(':') as ['member' | 'team', string];
    return directory.name({ kind, id });
  });
  const announcement: Announcement = {
    type: 'approval.requested',
    data: { ...about(row), argsShape: JSON.parse(row.args_shape) as unknown, approvers },
    decide: { page: `approvals/${row.id}`, command: `mcpnest approval approve ${row.id}` },
  };
  await announce(occasion, row.workspace_id, announcement);
}

const about = (row: ApprovalRow) => ({
  approvalId: row.id,
  requester: requesterOf(row),
  server: row.server_slug,
  tool: row.tool,
  requestedAt: row.created_at,
  expiresAt: row.expires_at,
});

/** One statement decides who announces. */
async function claim(tx: Occasion['tx'], row: Pick<ApprovalRow, 'id' | 'announced'>, next: 1 | 2): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('approvals')
    .set({ announced: next })
    .where('id', '=', row.id)
    .where('announced', '=', row.announced)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}
