import type { ManifestDocument, ManifestEvidence } from '@mcpnest/contract/schemas/manifests';
import type { Kysely } from 'kysely';
import type { InputIssue } from '../../domain/errors.ts';
import { differences } from '../../domain/manifest.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { addressWarnings, findServer, selectOpened } from '../servers/servers.ts';
import { readDirectory, type Directory } from '../subjects.ts';
import { approvalObstacles, approvedTools } from './approvals.ts';
import { presentFacts } from './effect.ts';
import { whatItLoosens } from './loosening.ts';
import { teamsInReach, teamsInWords } from './rights.ts';

/** Email addresses one answer names. */
const mostViewers = 500;

/** A manifest with everybody it names by the names they are shown with, and the names that are nobody's. */
export interface Settled {
  readonly document: ManifestDocument;
  readonly unknown: readonly InputIssue[];
}

/**
 * Find everybody a manifest is for.
 * @param actor who is told which teams there are: members hear of their own
 */
export async function settle(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  document: ManifestDocument,
): Promise<Settled> {
  const directory = await readDirectory(db, workspace);
  const { visibility } = document;
  if (visibility[0] === 'workspace') return { document, unknown: [] };
  const found = visibility.map((text) => ({ text, subject: directory.find(text) }));
  const missing = found.filter(({ subject }) => subject === undefined);
  const hint = missing.some(({ text }) => text.startsWith('team:'))
    ? ` ${teamsInWords(administers(actor) ? 'There are' : 'You are in', await teamsInReach(db, workspace, actor))}`
    : ' Add them first, or correct the name.';
  const names = found.flatMap(({ subject }) => (subject === undefined ? [] : [directory.name(subject)]));
  return {
    document: { ...document, visibility: [...new Set(names)].sort() },
    unknown: missing.map(({ text }) => ({
      path: `visibility.${visibility.indexOf(text)}`,
      message: `'${text}' is nobody of this workspace.${hint}`,
    })),
  };
}

/**
 * All that can be known of a manifest before the gateway has spoken to its server.
 * @param serverId of the server that is the manifest's; of another one of its name only administrators are told
 */
export async function gatherEvidence(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  { document, unknown }: Settled,
  serverId: string | null,
): Promise<ManifestEvidence> {
  const directory = await readDirectory(db, workspace);
  const server = await findServer(db, workspace.id, document.name);
  const shown = server !== undefined && (server.id === serverId || administers(actor)) ? server : undefined;
  const present = shown === undefined ? undefined : await presentFacts(db, workspace, directory, shown, document);
  const closed = addressWarnings(document.upstream, await selectOpened(db))[0];
  const address = {
    open: closed === undefined,
    message: closed?.message ?? 'Public, as far as its name tells; every connection is judged by its address.',
    remedy: closed?.remedy ?? null,
  };
  const shut = { path: 'upstream', message: `${address.message} An owner of the instance opens it: ${address.remedy}` };
  return {
    changes: differences(present, document),
    address,
    obstacles: [...unknown, ...(closed === undefined ? [] : [shut]), ...approvalObstacles(document)],
    loosens: shown === undefined ? [] : await whatItLoosens(db, workspace, directory, shown, document),
    approvals: approvedTools(document.tools),
    viewers: administers(actor) ? await viewersOf(db, workspace, directory, document.visibility) : null,
  };
}

async function viewersOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  directory: Directory,
  visibility: readonly string[],
): Promise<string[]> {
  const subjects = visibility.flatMap((name) => directory.find(name) ?? []);
  // Never an empty list, which is no SQL.
  const ids = (of: string) => [
    '',
    ...subjects.flatMap((subject) => (subject.kind === of && 'id' in subject ? [subject.id] : [])),
  ];
  const members = db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('users.email')
    .where('members.workspace_id', '=', workspace.id)
    .where('members.removed_at', 'is', null);
  const shown =
    visibility[0] === 'workspace'
      ? members
      : members.where(({ eb, or, selectFrom }) =>
          or([
            eb('members.id', 'in', ids('member')),
            eb('members.id', 'in', selectFrom('team_members').select('member_id').where('team_id', 'in', ids('team'))),
          ]),
        );
  return (await shown.orderBy('users.email').limit(mostViewers).execute()).map(({ email }) => email);
}
