import type { z } from 'zod';
import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import type { workspaceCreate, workspaceUpdate } from '@mcpnest/contract/schemas/workspaces';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, forbidden, invalidInput, notFound } from '../../domain/errors.ts';
import type { HostingPlan } from '../../domain/hosted/hosting.ts';
import { newId } from '../../domain/ids.ts';
import type { Actor } from '../../domain/roles.ts';
import { defaultWorkspaceSettings, defaultWritePerMinute } from '../../domain/snapshot.ts';
import type { AccessSettings, WorkspaceSettings } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { noteTerm } from '../retention/retention.ts';
import { readSettings, withPatch } from '../stored.ts';
import { slugFrom } from '../slug.ts';

type WorkspaceRow = Selectable<Schema['gateway_workspaces']>;

/** A workspace as the API shows it. `publicUrl` is where clients reach the gateway, without a trailing slash. */
export function toWorkspace(row: WorkspaceRow, publicUrl: string): Workspace {
  const settings = readSettings(row.settings);
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    settings: { ...settings, publishing: { teams: [...settings.publishing.teams] } },
    gatewayUrl: `${publicUrl}/api/gw/${row.slug}`,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** All workspaces, by slug; of who has no role for the instance, those they are a member of. */
export const listWorkspaces = (db: Kysely<Schema>, actor: Actor): Promise<WorkspaceRow[]> =>
  db
    .selectFrom('gateway_workspaces')
    .selectAll()
    .$if(actor.kind === 'user' && actor.workspace === 'none', (query) =>
      query.where(
        'id',
        'in',
        db
          .selectFrom('members')
          .select('workspace_id')
          .where('user_id', '=', actor.kind === 'user' ? actor.userId : '')
          .where('removed_at', 'is', null),
      ),
    )
    .orderBy('slug')
    .execute();

/** @throws AppError `not_found` */
export async function findWorkspace(db: Kysely<Schema>, slug: string): Promise<WorkspaceRow> {
  const row = await db.selectFrom('gateway_workspaces').selectAll().where('slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('workspace', slug);
  return row;
}

/**
 * Create a workspace with the default settings. The person whose key made it becomes its first owner.
 * @throws AppError `already_exists`, or `invalid_input` when no slug follows from the name
 */
export async function createWorkspace(change: Change, body: z.output<typeof workspaceCreate>): Promise<WorkspaceRow> {
  const { tx, at, actor } = change;
  const slug = body.slug ?? slugFrom(body.name);
  const taken = await tx.selectFrom('gateway_workspaces').select('id').where('slug', '=', slug).executeTakeFirst();
  if (taken !== undefined) throw alreadyExists('workspace', slug);
  const row: WorkspaceRow = {
    id: newId(change.now),
    slug,
    name: body.name,
    settings: JSON.stringify(defaultWorkspaceSettings),
    created_at: at,
    updated_at: at,
  };
  await tx.insertInto('gateway_workspaces').values(row).execute();
  if (actor.kind === 'user') await insertMember(change, row.id, actor.userId, 'owner');
  await change.record({
    workspaceId: row.id,
    target: `workspace:${slug}`,
    detail: { name: row.name },
    publish: 'workspace',
  });
  return row;
}

/** Add a row to `members` without any question asked; the caller has authorised it. @returns its id */
export async function insertMember(change: Change, workspaceId: string, userId: string, role: string): Promise<string> {
  const id = newId(change.now);
  await change.tx
    .insertInto('members')
    .values({ id, workspace_id: workspaceId, user_id: userId, role, created_at: change.at, removed_at: null })
    .execute();
  return id;
}

/** Change name or settings; only what is sent changes. */
export async function updateWorkspace(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof workspaceUpdate>,
): Promise<WorkspaceRow> {
  const row = await findWorkspace(change.tx, workspace.slug);
  const before = readSettings(row.settings);
  const after = mergeSettings(before, body.settings);
  refusePlan(change.actor, before.hosting.plan, after.hosting.plan);
  if (body.settings?.publishing !== undefined) await requireTeams(change, row.id, after.publishing.teams);
  const name = body.name ?? row.name;
  if (name === row.name && JSON.stringify(before) === JSON.stringify(after)) return row;
  await noteTerm(change, row.id, before.retentionDays, after.retentionDays);
  const next = { name, settings: JSON.stringify(after), updated_at: change.at };
  await change.tx.updateTable('gateway_workspaces').set(next).where('id', '=', row.id).execute();
  await change.record({
    workspaceId: row.id,
    target: `workspace:${row.slug}`,
    detail: { before: { name: row.name, settings: before }, after: { name, settings: after } },
    publish: 'workspace',
  });
  return { ...row, ...next };
}

/** Slugs of the teams whose manifests take effect at once. */
export async function publishingOf(db: Kysely<Schema>, workspaceId: string): Promise<readonly string[]> {
  const row = await db
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  return readSettings(row.settings).publishing.teams;
}

async function requireTeams(change: Change, workspaceId: string, wanted: readonly string[]): Promise<void> {
  const rows = await change.tx.selectFrom('teams').select('slug').where('workspace_id', '=', workspaceId).execute();
  const known = new Set(rows.map((row) => row.slug));
  const missing = wanted.filter((slug) => !known.has(slug));
  if (missing.length === 0) return;
  throw invalidInput(
    `No team '${missing[0]}' here. Create it first, or correct the name.`,
    missing.map((slug) => ({ path: 'body.settings.publishing.teams', message: `'${slug}' is no team here` })),
  );
}

/** A plan is what the workspace is given, not what it takes. @throws AppError `forbidden` */
function refusePlan(actor: Actor, before: HostingPlan, after: HostingPlan): void {
  if (before === after || actor.kind === 'local' || (actor.kind === 'user' && actor.workspace === null)) return;
  throw forbidden('The plan of a workspace is changed with a key for the whole instance.');
}

type SettingsPatch = NonNullable<z.output<typeof workspaceUpdate>['settings']>;

/**
 * Strict enforces by what it is; turning that off means going back to open.
 * @param path of the settings in the input
 * @throws AppError `invalid_input`
 */
export function mergeAccess(
  before: AccessSettings,
  { preset, enforcement }: { readonly [Key in keyof AccessSettings]?: AccessSettings[Key] | undefined },
  path: string,
): AccessSettings {
  const after = withPatch(before, { preset, enforcement });
  if (after.preset === 'open') return after;
  if (enforcement === false) {
    throw invalidInput('A strict workspace always enforces. Try it before with policy.simulate, or set preset open.', [
      { path: `${path}.enforcement`, message: 'cannot be false when strict' },
    ]);
  }
  return { preset: 'strict', enforcement: true };
}

function mergeSettings(before: WorkspaceSettings, patch: SettingsPatch | undefined): WorkspaceSettings {
  const access = mergeAccess(before.access, patch?.access ?? {}, 'body.settings.access');
  // The budget for writing follows the preset for as long as it is the preset's own.
  const own = before.limits.writePerMinute === defaultWritePerMinute[before.access.preset];
  const limits = own ? { ...before.limits, writePerMinute: defaultWritePerMinute[access.preset] } : before.limits;
  return {
    auditMode: patch?.auditMode ?? before.auditMode,
    retentionDays: patch?.retentionDays ?? before.retentionDays,
    limits: withPatch(limits, patch?.limits),
    access,
    toolList: withPatch(before.toolList, patch?.toolList),
    hosting: withPatch(before.hosting, patch?.hosting),
    publishing:
      patch?.publishing === undefined ? before.publishing : { teams: [...new Set(patch.publishing.teams)].sort() },
  };
}
