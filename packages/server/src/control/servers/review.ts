import type { Review, ReviewItem } from '@mcpnest/contract/schemas/pins';
import type { Kysely } from 'kysely';
import { differenceInWords } from '../../domain/definitions/difference.ts';
import { flagsOf } from '../../domain/definitions/hygiene.ts';
import { visibleText } from '../../domain/definitions/visible-text.ts';
import { notFound } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listedTools, lookAlikesIn, pauses, type ListedTool } from './listed-tools.ts';
import { pinHashesOf, pinsOf, undecided, type PinRow, type Pins } from './pin-rows.ts';
import { selectServer, type ServerRow } from './queries.ts';

/** Characters of all words of one answer. */
const mostWords = 512 * 1024;

/**
 * What a server's tools say now against what was approved, by name.
 * @param named one tool, with its definitions in full
 * @throws AppError `not_found`
 */
export async function reviewServer(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  slug: string,
  named?: string,
): Promise<Review> {
  const row = await selectServer(db, workspace.id, slug);
  const listed = (await listedTools(db, [row.id])).get(row.id)!;
  const pins = await pinsOf(db, row.id);
  const alike = await lookAlikesIn(db, workspace.id);
  const states = statesOf(listed, pins);
  if (named !== undefined && !states.has(named)) throw notFound('tool', visibleText(named));
  const items: ReviewItem[] = [];
  const pause = pauses();
  let words = 0;
  for (const [tool, state] of states) {
    if (named !== undefined && tool !== named) continue;
    const now = listed.get(tool);
    const { approved, refused } = pins.get(tool) ?? undecided;
    const decided = state === 'refused' ? refused : approved;
    await pause((now?.definition.length ?? 0) + (approved?.definition.length ?? 0));
    const changes = words > mostWords ? [...tooMuch] : changesOf(state, now, approved);
    words += changes.reduce((sum, line) => sum + line.length, 0);
    items.push({
      tool,
      state,
      hash: now?.hash ?? null,
      approvedHash: approved?.hash ?? null,
      changes,
      warnings: now === undefined ? [] : flagsOf(JSON.parse(now.definition), alike.get(tool)),
      decidedBy: decided?.decided_by ?? null,
      decidedAt: decided?.decided_at ?? null,
      definition: named === undefined ? null : (now?.definition ?? null),
      approvedDefinition: named === undefined ? null : (approved?.definition ?? null),
    });
  }
  return { pinning: row.pinning, pending: pendingOf(states), items };
}

const tooMuch: readonly string[] = ['More than fits one answer: ask for this tool by its name.'];

function changesOf(state: ReviewItem['state'], now: ListedTool | undefined, approved: PinRow | undefined): string[] {
  if (state === 'approved' || now === undefined || approved === undefined) return [];
  return differenceInWords(approved.definition, now.definition);
}

/** How it stands with every tool of one server that is listed or approved, by name, and the hash of what is listed. */
export async function reviewStates(
  db: Kysely<Schema>,
  serverId: string,
): Promise<{ tool: string; state: ReviewItem['state']; hash: string | undefined }[]> {
  const listed = (await listedTools(db, [serverId])).get(serverId)!;
  const pins = (await pinHashesOf(db, [serverId])).get(serverId)!;
  return [...statesOf(listed, pins)].map(([tool, state]) => ({ tool, state, hash: listed.get(tool)?.hash }));
}

/** How many tools of pinned servers wait for a decision, by server id. */
export async function pendingReviews(
  db: Kysely<Schema>,
  rows: readonly Pick<ServerRow, 'id' | 'pinning'>[],
): Promise<Map<string, number>> {
  const ids = rows.filter(({ pinning }) => pinning === 'on').map(({ id }) => id);
  const listed = await listedTools(db, ids);
  const pins = await pinHashesOf(db, ids);
  return new Map(ids.map((id) => [id, pendingOf(statesOf(listed.get(id)!, pins.get(id)!))]));
}

const pendingOf = (states: ReadonlyMap<string, ReviewItem['state']>): number =>
  [...states.values()].filter((state) => state === 'changed' || state === 'new').length;

/** How it stands with every tool that is listed or approved, by name. */
function statesOf(
  listed: ReadonlyMap<string, ListedTool>,
  pins: ReadonlyMap<string, Pins<Pick<PinRow, 'hash'>>>,
): Map<string, ReviewItem['state']> {
  const gone = [...pins].filter(([tool, { approved }]) => approved !== undefined && !listed.has(tool));
  const names = [...listed.keys(), ...gone.map(([tool]) => tool)].sort();
  return new Map(
    names.map((tool) => {
      const { approved, refused } = pins.get(tool) ?? undecided;
      const now = listed.get(tool)?.hash;
      if (now === undefined) return [tool, 'gone'];
      if (now === approved?.hash) return [tool, 'approved'];
      if (now === refused?.hash) return [tool, 'refused'];
      return [tool, approved === undefined ? 'new' : 'changed'];
    }),
  );
}
