import type { ShownTool, ToolList, toolQuery } from '@mcpnest/contract/schemas/tools';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { invalidInput, notFound } from '../../domain/errors.ts';
import { exposeNames, type NameTarget } from '../../domain/exposed-name.ts';
import { decide, maySee, type Principal } from '../../domain/policy.ts';
import { classOf } from '../../domain/policy/tool-class.ts';
import type { Actor } from '../../domain/roles.ts';
import { reservedToolNames } from '../../domain/search-tools.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { clip } from '../../platform/text.ts';
import { inWords } from '../decision-words.ts';
import { ownMember, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listRules } from '../rules/rules.ts';
import { listedTools, pauses } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readDirectory } from '../subjects.ts';
import { principalOf } from './principals.ts';

type Query = z.output<typeof toolQuery>;
interface Deps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
}

/** The tools of whoever asks. @throws AppError `invalid_input` for who is no member; `not_found` for a server */
export async function ownTools(deps: Deps, workspace: WorkspaceRef, actor: Actor, query: Query): Promise<ToolList> {
  const own = await ownMember(deps.db, workspace, actor);
  if (own !== undefined) return shownTools(deps, workspace, own, query);
  throw invalidInput('You are no member of this workspace; ask for the tools of one.', []);
}

/** The tools of a member, as they see them. @throws AppError `not_found` for who is no member, or for a server */
export async function toolsAs(deps: Deps, workspace: WorkspaceRef, member: string, query: Query): Promise<ToolList> {
  await requireMember(deps.db, workspace, member);
  return shownTools(deps, workspace, member, query);
}

interface Candidate {
  readonly name: string;
  readonly server: string;
  readonly own: string;
  readonly hash: string;
  readonly definition: string;
}

async function shownTools(
  { db, clock }: Deps,
  workspace: WorkspaceRef,
  member: string,
  query: Query,
): Promise<ToolList> {
  const snapshot = await readSnapshot(db, workspace.id);
  const principal = await principalOf(db, workspace, { kind: 'member', id: member });
  const directory = await readDirectory(db, workspace);
  const { tools, unknown } = await candidates(db, snapshot, principal, query.server);
  const at = clock.now();
  const judged = tools.map((tool) => {
    const call = { serverSlug: tool.server, kind: 'tool', name: tool.own, definition: tool.hash } as const;
    return { tool, decision: decide(snapshot, principal, call, at) };
  });
  const kept = judged.filter(({ decision }) => query.show === 'all' || decision.effect === 'allow');
  const found = query.words === undefined ? kept : await having(kept, query.words);
  const from = query.cursor ?? 0;
  const rules = new Map((await listRules(db, workspace, {})).map((rule) => [`rule:${rule.id}`, rule]));
  const servers = new Map(snapshot.servers.map((server) => [server.slug, server]));
  const items = found.slice(from, from + query.limit).map(({ tool, decision }): ShownTool => {
    const allowed = decision.effect === 'allow';
    return {
      name: tool.name,
      server: tool.server,
      tool: clip(tool.own, 200),
      ...saidOf(tool.definition),
      class: classOf(servers.get(tool.server)!, tool.own),
      listed: allowed,
      approval: allowed && decision.approval !== undefined,
      rule: decision.rule,
      reason: inWords(decision, rules.get(decision.rule)),
      wouldDeny: allowed ? decision.wouldDeny : null,
    };
  });
  return {
    subject: directory.name({ kind: 'member', id: member }),
    total: found.length,
    items,
    unknown,
    nextCursor: from + items.length < found.length ? String(from + items.length) : null,
  };
}

/** The tools of the servers somebody may know of, under the names the gateway gives them. */
async function candidates(
  db: Kysely<Schema>,
  snapshot: Snapshot,
  principal: Principal,
  slug: string | undefined,
): Promise<{ readonly tools: readonly Candidate[]; readonly unknown: string[] }> {
  const visible = snapshot.servers.filter(
    (server) => (slug ?? server.slug) === server.slug && maySee(snapshot, principal, server.slug),
  );
  if (slug !== undefined && visible.length === 0) throw notFound('server', slug);
  const lists = await listedTools(
    db,
    snapshot.servers.map(({ id }) => id),
  );
  // Names depend on all servers, also on those that are hidden from the one who looks.
  const named = snapshot.servers.map((server) => ({ ...server, names: [...lists.get(server.id)!.keys()] }));
  const handedOut = await handedOutNames(db, snapshot.workspace.id);
  const { listed } = exposeNames(named, handedOut, new Set(snapshot.disabledServerIds), reservedToolNames);
  const slugs = new Map(visible.map((server) => [server.id, server.slug]));
  const tools = listed.flatMap(({ name, serverId, own }): Candidate[] => {
    const server = slugs.get(serverId);
    return server === undefined ? [] : [{ name, server, own, ...lists.get(serverId)!.get(own)! }];
  });
  return { tools, unknown: visible.filter(({ id }) => lists.get(id)!.size === 0).map((server) => server.slug) };
}

async function handedOutNames(db: Kysely<Schema>, workspaceId: string): Promise<Map<string, NameTarget>> {
  const rows = await db
    .selectFrom('handed_out_names')
    .select(['name', 'server_id', 'own'])
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', 'tools')
    .execute();
  return new Map(rows.map((row) => [row.name, { serverId: row.server_id, own: row.own }]));
}

async function having<Judged extends { readonly tool: Candidate }>(all: Judged[], words: string): Promise<Judged[]> {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const pause = pauses();
  const found: Judged[] = [];
  for (const judged of all) {
    const { name, own, server, definition } = judged.tool;
    await pause(definition.length);
    const { title, description } = saidOf(definition);
    const text = [name, own, server, title, description].join('\n').toLowerCase();
    if (wanted.every((word) => text.includes(word))) found.push(judged);
  }
  return found;
}

/** Text from outside: read for what it is known to be, and no further. */
function saidOf(definition: string): Pick<ShownTool, 'title' | 'description'> {
  const { title, description } = JSON.parse(definition) as { readonly title?: unknown; readonly description?: unknown };
  const text = (value: unknown): string | null => (typeof value === 'string' ? clip(value, 500) : null);
  return { title: text(title), description: text(description) };
}
