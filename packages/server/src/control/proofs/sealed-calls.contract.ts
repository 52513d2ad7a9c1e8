import { join } from 'node:path';
import { answeredRow } from '../../platform/journal/call-rows.ts';
import { splitLine } from '../../platform/journal/chain.ts';
import { call, ending, options, readRecords } from '../../platform/journal/fixture.ts';
import { openJournal } from '../../platform/journal/journal.ts';
import { listSegments, readLines } from '../../platform/journal/segment.ts';
import { createSealer } from '../../platform/proof/sealer.ts';
import type { Kit } from '../kit.contract.ts';

/** Record calls of a workspace in the kit's data folder, put them into its table, seal and sign them. @returns their ids */
export async function sealCalls(kit: Kit, workspace: string, count: number): Promise<string[]> {
  const journalDir = join(kit.dataDir, 'journal');
  const workspaceId = (await kit.snapshot(workspace)).workspace.id;
  const ids: string[] = [];
  {
    await using journal = await openJournal(options(journalDir));
    for (let i = 0; i < count; i++) {
      const one = call({ workspaceId });
      journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
      ids.push(one.callId);
    }
  }
  const lines = listSegments(journalDir).flatMap((segment) => [...readLines(journalDir, segment)]);
  for (const { text, offset } of lines) {
    const intent = JSON.parse(text) as ReturnType<typeof call> & { kind: string; t: string };
    if (intent.kind !== 'intent' || !ids.includes(intent.callId)) continue;
    const opened = { intent, parts: splitLine(text)!, segment: '', offset };
    await kit.database.db
      .insertInto('mcp_tool_calls')
      .values(answeredRow(opened, ending(intent.callId), opened.parts))
      .execute();
  }
  const { dir, nodeId, keys } = kit.proof;
  const now = Date.parse(readRecords(journalDir).at(-1)!.t);
  const sealer = createSealer({ journalDir, dir, nodeId, keys, now: () => now });
  while ((await sealer.step()).more);
  sealer.checkpoint();
  return ids;
}
