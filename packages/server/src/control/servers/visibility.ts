import type { Kysely } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import { atLeast, type Actor } from '../../domain/roles.ts';
import type { Subject } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { administers, ownMember, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readVisibility } from '../stored.ts';
import { readDirectory, requireSubject, type Directory } from '../subjects.ts';
import { selectServer, selectServers, type ServerRow } from './queries.ts';

/** The column for names as they were sent. @throws AppError `invalid_input` for a name that is nobody's */
export async function visibilityColumn(
  change: Change,
  workspace: WorkspaceRef,
  names: readonly string[] | undefined,
): Promise<string | null> {
  if (names === undefined || names[0] === 'workspace') return null;
  const directory = await readDirectory(change.tx, workspace);
  const subjects = names.map((name, index) => requireSubject(directory, name, `body.visibility.${index}`));
  const byKey = new Map(subjects.map((subject) => [JSON.stringify(subject), subject]));
  return JSON.stringify([...byKey.keys()].sort().map((key) => byKey.get(key)));
}

/**
 * Show a server to these and to nobody else. No revision of its configuration: how it is reached stays as it is, and
 * going back to an earlier one shows it to nobody new.
 */
export async function setVisibility(
  change: Change,
  workspace: WorkspaceRef,
  row: ServerRow,
  names: readonly string[],
): Promise<ServerRow> {
  const visibility = await visibilityColumn(change, workspace, names);
  if (visibility === row.visibility) return row;
  const next = { visibility, updated_at: change.at };
  await change.tx.updateTable('gateway_workspace_servers').set(next).where('id', '=', row.id).execute();
  const directory = await readDirectory(change.tx, workspace);
  const named = (column: string | null): object => ({ visibility: visibilityNames(column, directory) });
  await change.record({
    workspaceId: workspace.id,
    target: `server:${row.slug}`,
    detail: { before: named(row.visibility), after: named(visibility) },
    publish: 'workspace',
  });
  return { ...row, ...next };
}

/** How the column is shown. */
export const visibilityNames = (column: string | null, directory: Directory): string[] =>
  readVisibility(column)?.map((subject) => directory.name(subject)) ?? ['workspace'];

/** The servers an actor may know of: all for an administrator, for a member those that are shown to them. */
export async function visibleServers(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor): Promise<ServerRow[]> {
  const rows = await selectServers(db, workspace.id);
  return administers(actor) ? rows : shownTo(db, rows, (await ownMember(db, workspace, actor)) ?? '');
}

/** The servers a member sees. @throws AppError `not_found` for who is no member */
export async function serversSeenBy(db: Kysely<Schema>, workspace: WorkspaceRef, member: string): Promise<ServerRow[]> {
  const { role } = await requireMember(db, workspace, member);
  const rows = await selectServers(db, workspace.id);
  return atLeast(role, 'admin') ? rows : shownTo(db, rows, member);
}

async function shownTo(db: Kysely<Schema>, rows: ServerRow[], own: string): Promise<ServerRow[]> {
  if (rows.every((row) => row.visibility === null)) return rows;
  const teams = await db.selectFrom('team_members').select('team_id').where('member_id', '=', own).execute();
  const mine = new Set([`member:${own}`, ...teams.map((row) => `team:${row.team_id}`)]);
  const shown = (subject: Subject): boolean =>
    subject.kind === 'everybody' || mine.has(`${subject.kind}:${subject.id}`);
  return rows.filter((row) => readVisibility(row.visibility)?.some(shown) ?? true);
}

/** @throws AppError `not_found`, also for a server that is hidden from the actor */
export async function visibleServer(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  slug: string,
): Promise<ServerRow> {
  if (administers(actor)) return selectServer(db, workspace.id, slug);
  const row = (await visibleServers(db, workspace, actor)).find((server) => server.slug === slug);
  if (row === undefined) throw notFound('server', slug);
  return row;
}

/** What servers are shown to a team by name, in words. */
export async function serversShownTo(change: Change, workspaceId: string, teamId: string): Promise<string[]> {
  const rows = await selectServers(change.tx, workspaceId);
  return rows
    .filter((row) =>
      readVisibility(row.visibility)?.some((subject) => subject.kind === 'team' && subject.id === teamId),
    )
    .map((row) => `the visibility of the server ${row.slug}`);
}
