import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { answeredRow } from '../../platform/journal/call-rows.ts';
import { call, ending } from '../../platform/journal/fixture.ts';

export interface AddCalls {
  readonly workspaceId: string;
  readonly count: number;
  readonly node: string;
  readonly firstSeq?: number;
  readonly epoch?: number;
  /** Milliseconds since the epoch. */
  readonly from?: number;
  readonly everyMs?: number;
  readonly memberId?: string;
}

const rowsPerInsert = 100;

/** Rows as the shipper writes them, for tests of what reads them. */
export async function addCalls(db: Kysely<Schema>, calls: AddCalls): Promise<void> {
  const { workspaceId, count, node, firstSeq = 1, epoch = 1, from = Date.UTC(2026, 10, 21, 12), everyMs = 0 } = calls;
  const place = { segment: '', byte_offset: 0, updated_at: isoTime(from) };
  await db
    .insertInto('journal_cursors')
    .values({ node, ...place })
    .onConflict((clash) => clash.column('node').doNothing())
    .execute();
  for (let done = 0; done < count; done += rowsPerInsert) {
    const rows = Array.from({ length: Math.min(rowsPerInsert, count - done) }, (_, index) => {
      const seq = firstSeq + done + index;
      const intent = {
        ...call({ workspaceId, ...(calls.memberId === undefined ? {} : { memberId: calls.memberId }) }),
        t: isoTime(from + (done + index) * everyMs),
      };
      const parts = { body: '', hash: '', prev: undefined, version: 2, node, epoch, seq };
      return {
        ...answeredRow({ intent, parts, segment: '', offset: 0 }, ending(intent.callId), parts),
        ...{ end_epoch: epoch, end_seq: seq },
      };
    });
    await db.insertInto('mcp_tool_calls').values(rows).execute();
  }
}
