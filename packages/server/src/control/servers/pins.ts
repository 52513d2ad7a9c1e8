import type { z } from 'zod';
import type { reviewDecision } from '@mcpnest/contract/schemas/pins';
import { visibleText } from '../../domain/definitions/visible-text.ts';
import { conflict, notFound } from '../../domain/errors.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listedTools, type ListedTool } from './listed-tools.ts';
import { pinsOf, type PinRow } from './pin-rows.ts';
import { selectServer, type ServerRow } from './queries.ts';

type Decided = z.output<typeof reviewDecision>['tools'];

/** Definitions of one server that may be approved, and as many refused. */
const mostPins = 1_000;

/** Either word on a definition takes the other back. */
const otherWord = { approved: 'refused', refused: 'approved' } as const;

/**
 * Approve or refuse definitions of tools as the server has them now; refusing an approved one withdraws its approval.
 * @throws AppError `not_found`; `conflict` when a definition is not the one that was looked at
 */
export async function decideTools(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  word: keyof typeof otherWord,
  tools: Decided,
): Promise<void> {
  const { row, listed, pins } = await judged(change, workspace, slug, tools);
  const other = otherWord[word];
  const changed = tools.filter(({ tool, hash }) => pins.get(tool)?.[word]?.hash !== hash);
  const added = changed.filter(({ tool }) => pins.get(tool)?.[word] === undefined).length;
  const count = [...pins.values()].filter((pin) => pin[word] !== undefined).length + added;
  if (count > mostPins) throw tooMany();
  for (const { tool, hash } of changed) {
    if (pins.get(tool)?.[other]?.hash === hash) await remove(change, row.id, tool, other);
    await store(change, row.id, tool, word, listed.get(tool)!);
  }
  await record(change, workspace, slug, { [word]: changed });
}

/** Forget all that was decided about the tools of a server. */
export const forgetPins = async (change: Change, serverId: string): Promise<void> => {
  await change.tx.deleteFrom('tool_pins').where('server_id', '=', serverId).execute();
};

/** Turn pinning on or off. No revision of the configuration: going back to an earlier one lets nothing in. */
export async function setPinning(
  change: Change,
  workspace: WorkspaceRef,
  row: ServerRow,
  pinning: ServerRow['pinning'],
): Promise<ServerRow> {
  if (pinning === row.pinning) return row;
  const next = { pinning, updated_at: change.at };
  await change.tx.updateTable('gateway_workspace_servers').set(next).where('id', '=', row.id).execute();
  await record(change, workspace, row.slug, { before: { pinning: row.pinning }, after: { pinning } });
  return { ...row, ...next };
}

const tooMany = () => conflict(`At most ${mostPins} definitions of a server can be approved, and as many refused.`);

async function judged(change: Change, workspace: WorkspaceRef, slug: string, tools: Decided) {
  const row = await selectServer(change.tx, workspace.id, slug);
  const listed = (await listedTools(change.tx, [row.id])).get(row.id)!;
  if (new Set(tools.map(({ tool }) => tool)).size < tools.length) throw conflict('Each tool can be named once.');
  for (const { tool, hash } of tools) {
    const now = listed.get(tool);
    if (now === undefined) throw notFound('tool', visibleText(tool));
    if (now.hash === hash) continue;
    throw conflict(
      `The definition of '${visibleText(tool)}' is not the one that was reviewed; nothing was changed. Review it again: mcpnest server review ${slug}`,
    );
  }
  return { row, listed, pins: await pinsOf(change.tx, row.id) };
}

async function store(
  change: Change,
  serverId: string,
  tool: string,
  state: PinRow['state'],
  { hash, definition }: ListedTool,
): Promise<void> {
  const row = { hash, definition, decided_by: change.actorName, decided_at: change.at };
  await change.tx
    .insertInto('tool_pins')
    .values({ server_id: serverId, tool, state, ...row })
    .onConflict((clash) => clash.columns(['server_id', 'tool', 'state']).doUpdateSet(row))
    .execute();
}

const remove = async (change: Change, serverId: string, tool: string, state: PinRow['state']): Promise<void> => {
  await change.tx
    .deleteFrom('tool_pins')
    .where('server_id', '=', serverId)
    .where('tool', '=', tool)
    .where('state', '=', state)
    .execute();
};

/** Nothing that changes leaves no event. */
async function record(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (Object.values(detail).every((value) => Array.isArray(value) && value.length === 0)) return;
  await change.record({ workspaceId: workspace.id, target: `server:${slug}`, detail, publish: 'workspace' });
}
