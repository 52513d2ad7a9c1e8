import type { z } from 'zod';
import type { AccessItem, AccessReport, accessQuery } from '@mcpnest/contract/schemas/access';
import type { Kysely } from 'kysely';
import { invalidInput, notFound } from '../../domain/errors.ts';
import { decide, maySee, type Decision, type Principal } from '../../domain/policy.ts';
import { unclassified } from '../../domain/policy/tool-class.ts';
import type { Actor } from '../../domain/roles.ts';
import { defaultWorkspaceSettings, type Snapshot } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listRules } from '../rules/rules.ts';
import { ownersOf, toolsOf, type KnownTool } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readDirectory } from '../subjects.ts';
import { principalOf } from './principals.ts';
import { inWords } from '../decision-words.ts';
import { whom } from './whom.ts';

type Query = z.output<typeof accessQuery>;
type AskedTool = Pick<KnownTool, 'tool' | 'class' | 'hash'>;

/** Lines of one answer. */
const mostItems = 5_000;

/**
 * What somebody may call and why, as the policy decides it now.
 * @throws AppError `forbidden` for a member who asks about others; `not_found` for who or what is not there, also for a
 *   server that is hidden from the member who asks
 */
export async function explainAccess(
  { db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  actor: Actor,
  query: Query,
): Promise<AccessReport> {
  const directory = await readDirectory(db, workspace);
  const { member, machine } = query;
  const who = await whom<'member' | 'machine'>(db, workspace, actor, { member, machine }, directory);
  if (who === undefined) {
    throw invalidInput('You are no member of this workspace; say about whom you ask.', [
      { path: 'query.member', message: 'is required for who is no member' },
    ]);
  }
  const principal = await principalOf(db, workspace, who);
  const snapshot = await readSnapshot(db, workspace.id);
  const all = administers(actor);
  const shown = snapshot.servers.filter(
    ({ slug }) => (query.server ?? slug) === slug && (all || maySee(snapshot, principal, slug)),
  );
  if (query.server !== undefined && shown.length === 0) throw notFound('server', query.server);
  const tools = await toolsOf(db, shown);
  const asked = shown.flatMap(({ id, slug }): { slug: string; tool: AskedTool | undefined }[] => {
    const known = maySee(snapshot, principal, slug) ? askedTools(tools.get(id) ?? [], query.tool) : [];
    return known.length === 0 ? [{ slug, tool: undefined }] : known.map((tool) => ({ slug, tool }));
  });
  const owners = await ownersOf(db, workspace);
  const rules = new Map((await listRules(db, workspace, {})).map((rule) => [`rule:${rule.id}`, rule]));
  const items = asked.slice(0, mostItems).map(({ slug, tool }): AccessItem => {
    const decision = judge(snapshot, principal, slug, tool, clock.now());
    const rule = rules.get(decision.rule);
    return {
      server: slug,
      owner: owners.get(slug) ?? null,
      tool: tool?.tool ?? null,
      class: tool?.class ?? null,
      verdict: decision.effect === 'allow' ? 'allowed' : decision.visible ? 'denied' : 'hidden',
      rule: decision.rule,
      reason: inWords(decision, rule),
      wouldDeny: decision.effect === 'allow' ? decision.wouldDeny : null,
      approval: decision.effect === 'allow' && decision.approval !== undefined,
      decidedBy: rule ?? null,
    };
  });
  const { preset, enforcement } = snapshot.settings.access ?? defaultWorkspaceSettings.access;
  return {
    subject: directory.name(who),
    preset,
    enforcement,
    ask: await administrators(db, workspace),
    items,
    complete: asked.length <= mostItems,
  };
}

/** Of a server nobody has listed the tools of, the decision about all it offers. */
const judge = (
  snapshot: Snapshot,
  principal: Principal,
  serverSlug: string,
  tool: AskedTool | undefined,
  at: number,
): Decision => {
  const call = { serverSlug, kind: tool === undefined ? 'method' : 'tool', name: tool?.tool ?? '' } as const;
  return decide(snapshot, principal, { ...call, definition: tool?.hash ?? null }, at);
};

/** A tool may be asked about before its server lists it. */
function askedTools(tools: readonly KnownTool[], named: string | undefined): AskedTool[] {
  if (named === undefined) return [...tools];
  return [tools.find(({ tool }) => tool === named) ?? { tool: named, class: unclassified, hash: null }];
}

async function administrators(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<string[]> {
  const rows = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('users.email')
    .where('members.workspace_id', '=', workspace.id)
    .where('members.removed_at', 'is', null)
    .where('members.role', 'in', ['owner', 'admin'])
    .orderBy('users.email')
    .limit(20)
    .execute();
  return rows.map((row) => row.email);
}
