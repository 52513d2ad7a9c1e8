import type { Found, SearchResult } from '@mcpnest/contract/schemas/console';
import type { Kysely } from 'kysely';
import { decide, maySee } from '../../domain/policy.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { clip } from '../../platform/text.ts';
import { listMachines } from '../machines/machines.ts';
import { listMembers } from '../members/members.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { toolNames, visibleServers } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { listTeams } from '../teams/teams.ts';
import { listTokens } from '../tokens/tokens.ts';
import { principalOf } from './principals.ts';

const shown = 20;

interface Deps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
}

/** What has all these words in its name, of what the actor may see. */
export async function search(deps: Deps, workspace: WorkspaceRef, actor: Actor, words: string): Promise<SearchResult> {
  const wanted = words.toLowerCase().split(/\s+/);
  const all = [...(await named(deps, workspace, actor)), ...(await tools(deps, workspace, actor))];
  const hits = all.filter(({ id, name }) => {
    const text = `${name}\n${id}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const begins = ({ name }: Found): number => (name.toLowerCase().startsWith(wanted[0]!) ? 0 : 1);
  hits.sort((a, b) => begins(a) - begins(b));
  return { items: hits.slice(0, shown), complete: hits.length <= shown };
}

async function named({ db }: Deps, workspace: WorkspaceRef, actor: Actor): Promise<Found[]> {
  const servers = await visibleServers(db, workspace, actor);
  const members = administers(actor) ? await listMembers(db, workspace.id) : [];
  const tokens = await listTokens(db, workspace, actor);
  return [
    ...servers.map(({ slug, name }): Found => ({ kind: 'server', id: slug, name, detail: slug })),
    ...members.map(({ id, email, name, role }): Found => ({
      kind: 'member',
      id,
      name: email,
      detail: `${name}, ${role}`,
    })),
    ...(await listTeams(db, workspace, actor)).map(({ slug, name }): Found => ({
      kind: 'team',
      id: slug,
      name,
      detail: slug,
    })),
    ...(await listMachines(db, workspace, actor)).map(({ id, name, state }): Found => ({
      kind: 'machine',
      id,
      name,
      detail: state,
    })),
    ...tokens
      .filter(({ revokedAt, purpose }) => revokedAt === null && purpose === null)
      .map(({ id, label, hint }): Found => ({ kind: 'token', id, name: label, detail: `mng_…${hint}` })),
  ];
}

/** All tools of an administrator's workspace; of a member those of servers that are shown to them and that none denies. */
async function tools({ db, clock }: Deps, workspace: WorkspaceRef, actor: Actor): Promise<Found[]> {
  const snapshot = await readSnapshot(db, workspace.id);
  const names = await toolNames(
    db,
    snapshot.servers.map(({ id }) => id),
  );
  const own = administers(actor) ? undefined : await ownMember(db, workspace, actor);
  if (own === undefined && !administers(actor)) return [];
  const principal = own === undefined ? undefined : await principalOf(db, workspace, { kind: 'member', id: own });
  const at = clock.now();
  const may = (serverSlug: string, name: string): boolean =>
    principal === undefined ||
    (maySee(snapshot, principal, serverSlug) &&
      decide(snapshot, principal, { serverSlug, kind: 'tool', name, definition: undefined }, at).effect === 'allow');
  return snapshot.servers.flatMap(({ id, slug, name: server }) =>
    (names.get(id) ?? [])
      .filter((tool) => may(slug, tool))
      .map((tool): Found => ({ kind: 'tool', id: `${slug}:${tool}`, name: clip(tool, 200), detail: server })),
  );
}
