import type { z } from 'zod';
import type { ToolClass } from '@mcpnest/contract/rule-form';
import {
  approvalMinutes,
  type ApprovalSetting,
  type approvalSettingsUpdate,
} from '@mcpnest/contract/schemas/approvals';
import type { Kysely, Selectable } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import { approvalTarget } from '../../domain/policy/approvals.ts';
import type { Subject } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectServer } from '../servers/servers.ts';
import { readSubjects } from '../stored.ts';
import { readDirectory, requireSubject, type Directory } from '../subjects.ts';

/** Settings one server may have. */
const mostSettings = 200;

type SettingRow = Selectable<Schema['approval_settings']>;

/** The tools of a server whose calls need approval, by target. @throws AppError `not_found` */
export async function listSettings(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  slug: string,
): Promise<ApprovalSetting[]> {
  const { id } = await selectServer(db, workspace.id, slug);
  const directory = await readDirectory(db, workspace);
  return (await selectSettings(db, id)).map((row) => toSetting(row, directory));
}

/**
 * Say of the targets that are named whether their calls need approval.
 * @throws AppError `not_found`; `invalid_input` for an approver who is nobody here; `conflict` for too many
 */
export async function updateSettings(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  { settings }: z.output<typeof approvalSettingsUpdate>,
): Promise<ApprovalSetting[]> {
  const { id } = await selectServer(change.tx, workspace.id, slug);
  const directory = await readDirectory(change.tx, workspace);
  const before = new Map((await selectSettings(change.tx, id)).map((row) => [row.target, row]));
  const after = new Map(before);
  for (const [index, setting] of settings.entries()) {
    const approvers = setting.approvers.map((text, at) =>
      requireSubject(directory, text, `body.settings.${index}.approvers.${at}`),
    );
    if (setting.approval === 'none') after.delete(setting.target);
    else {
      after.set(setting.target, {
        server_id: id,
        target: setting.target,
        approvers: JSON.stringify(approvers),
        expires_minutes: setting.expiresInMinutes,
        set_by: change.actorName,
        set_at: change.at,
      });
    }
  }
  const named = [...new Set(settings.map(({ target }) => target))];
  await replaceSettings(change, workspace, { id, slug }, { before, after, named });
  return (await selectSettings(change.tx, id)).map((row) => toSetting(row, directory));
}

/** The tools of a server whose setting is its manifest's, or among those that its manifest asks for. */
export async function toolsApprovedFor(
  db: Kysely<Schema>,
  serverId: string,
  asked: readonly string[],
): Promise<string[]> {
  const rows = await selectSettings(db, serverId);
  return rows.filter((row) => isOfManifest(row) || asked.includes(row.target)).map(({ target }) => target);
}

/** Whether administrators have set that calls of a server need approval, besides what its manifest asks for. */
export const isApprovedByChoice = async (db: Kysely<Schema>, serverId: string): Promise<boolean> =>
  (await selectSettings(db, serverId)).some((row) => !isOfManifest(row));

/** Classes of tools of a server whose calls need approval. */
export async function classesApprovedFor(db: Kysely<Schema>, serverId: string): Promise<ToolClass[]> {
  const targets = (await selectSettings(db, serverId)).map((row) => approvalTarget(row.target));
  return targets.flatMap((target) => (target?.kind === 'class' ? [target.toolClass] : []));
}

/**
 * Have the calls of exactly these tools approved as far as the server's manifest is concerned: what it asked for before
 * is taken back, and what an administrator has set stays.
 * @param tools names that are targets as they stand
 * @throws AppError `conflict` for too many
 */
export async function requireForManifest(
  change: Change,
  workspace: WorkspaceRef,
  { id, slug }: { readonly id: string; readonly slug: string },
  tools: readonly string[],
): Promise<void> {
  const before = new Map((await selectSettings(change.tx, id)).map((row) => [row.target, row]));
  const after = new Map([...before].filter(([target, row]) => !isOfManifest(row) || tools.includes(target)));
  for (const target of tools) {
    if (after.has(target)) continue;
    const setting = { approvers: '[]', expires_minutes: approvalMinutes.usual };
    after.set(target, { server_id: id, target, ...setting, set_by: `${ofManifest}${slug}`, set_at: change.at });
  }
  await replaceSettings(change, workspace, { id, slug }, { before, after, named: [...before.keys(), ...tools] });
}

/** Who set what a manifest asks for. */
const ofManifest = 'manifest:';
const isOfManifest = ({ set_by }: SettingRow): boolean => set_by.startsWith(ofManifest);

interface Replacement {
  readonly before: ReadonlyMap<string, SettingRow>;
  readonly after: ReadonlyMap<string, SettingRow>;
  /** Targets that may differ. */
  readonly named: readonly string[];
}

async function replaceSettings(
  change: Change,
  workspace: WorkspaceRef,
  { id, slug }: { readonly id: string; readonly slug: string },
  { before, after, named }: Replacement,
): Promise<void> {
  if (after.size > mostSettings) {
    throw conflict(`A server has at most ${mostSettings} of these. Name patterns or classes in place of single tools.`);
  }
  const changed = [...new Set(named)].filter((target) => meaning(before.get(target)) !== meaning(after.get(target)));
  if (changed.length === 0) return;
  const directory = await readDirectory(change.tx, workspace);
  for (const target of changed) {
    await change.tx.deleteFrom('approval_settings').where('server_id', '=', id).where('target', '=', target).execute();
    const row = after.get(target);
    if (row !== undefined) await change.tx.insertInto('approval_settings').values(row).execute();
  }
  const said = (from: ReadonlyMap<string, SettingRow>) =>
    changed.map((target) => {
      const row = from.get(target);
      return row === undefined ? { target, approval: 'none' } : describe(row, directory);
    });
  await change.record({
    workspaceId: workspace.id,
    target: `server:${slug}`,
    detail: { before: said(before), after: said(after) },
    publish: 'workspace',
  });
}

/** What lets a team approve, in words for people. */
export async function settingsNamingTeam(
  change: Change,
  team: { readonly id: string; readonly workspace_id: string },
): Promise<string[]> {
  const rows = await change.tx
    .selectFrom('approval_settings as setting')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'setting.server_id')
    .select(['server.slug', 'setting.target', 'setting.approvers'])
    .where('server.workspace_id', '=', team.workspace_id)
    .where('server.removed_at', 'is', null)
    .orderBy('server.slug')
    .orderBy('setting.target')
    .execute();
  const named = (who: Subject): boolean => who.kind === 'team' && who.id === team.id;
  return rows
    .filter((row) => readSubjects(row.approvers).some(named))
    .map((row) => `the approvals of ${row.slug}:${row.target}`);
}

const selectSettings = (db: Kysely<Schema>, serverId: string): Promise<SettingRow[]> =>
  db.selectFrom('approval_settings').selectAll().where('server_id', '=', serverId).orderBy('target').execute();

const meaning = (row: SettingRow | undefined): string =>
  row === undefined ? '' : JSON.stringify([row.approvers, row.expires_minutes, isOfManifest(row)]);

const describe = (row: SettingRow, directory: Directory) => ({
  target: row.target,
  approvers: readSubjects(row.approvers).map((who) => directory.name(who)),
  expiresInMinutes: row.expires_minutes,
});

const toSetting = (row: SettingRow, directory: Directory): ApprovalSetting => ({
  ...describe(row, directory),
  setBy: row.set_by,
  setAt: row.set_at,
});
