import type { z } from 'zod';
import type { ToolWeights, toolWeightsQuery } from '@mcpnest/contract/schemas/tool-weights';
import type { Kysely } from 'kysely';
import { decide, maySee, type Principal } from '../../domain/policy.ts';
import type { Actor } from '../../domain/roles.ts';
import { searchToolTexts } from '../../domain/search-tools.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { defaultToolList, estimatedTokens, type ToolListSettings } from '../../domain/tool-list.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { clip } from '../../platform/text.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listedTools } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readDirectory } from '../subjects.ts';
import { principalOf, teamPrincipal, workspacePrincipal } from './principals.ts';
import { whom, type Somebody } from './whom.ts';

type Query = z.output<typeof toolWeightsQuery>;

/** Tools named in one answer. */
const mostTools = 1_000;
/** What ten results of a search weigh where descriptions are of the usual length; definitions a task is taken to need. */
const resultsTokens = 600;
const definitionsRead = 2;

interface Weighed {
  readonly server: string;
  readonly tool: string;
  readonly bytes: number;
}

/**
 * What the list of tools weighs that somebody is shown, by server and tool; under the names the servers gave them.
 * @throws AppError `forbidden` for a member who asks about others; `not_found`; `invalid_input` for two names
 */
export async function weighTools(
  { db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  actor: Actor,
  query: Query,
): Promise<ToolWeights> {
  const directory = await readDirectory(db, workspace);
  // Who administers asks about the workspace where nobody is named.
  const nobody = Object.values(query).every((name) => name === undefined) && administers(actor);
  const who = nobody ? undefined : await whom(db, workspace, actor, query, directory);
  const principal = await asCaller(db, workspace, who);
  const snapshot = await readSnapshot(db, workspace.id);
  const visible = snapshot.servers.filter(({ slug }) => maySee(snapshot, principal, slug));
  const lists = await listedTools(
    db,
    visible.map(({ id }) => id),
  );
  const at = clock.now();
  const tools = visible.flatMap(({ id, slug }) =>
    [...lists.get(id)!]
      .filter(([name, { hash }]) => may(snapshot, principal, { serverSlug: slug, name, definition: hash }, at))
      .map(([tool, { bytes }]): Weighed => ({ server: slug, tool, bytes })),
  );
  return {
    subject: who === undefined ? 'workspace' : directory.name(who),
    ...report(tools, snapshot.settings.toolList ?? defaultToolList),
    unknown: visible.filter(({ id }) => lists.get(id)!.size === 0).map(({ slug }) => slug),
  };
}

const asCaller = (
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  who: Somebody | undefined,
): Principal | Promise<Principal> => {
  if (who === undefined) return workspacePrincipal(workspace);
  return who.kind === 'team'
    ? teamPrincipal(workspace, who.id)
    : principalOf(db, workspace, { ...who, kind: who.kind });
};

const may = (
  snapshot: Snapshot,
  principal: Principal,
  call: { readonly serverSlug: string; readonly name: string; readonly definition: string },
  at: number,
): boolean => decide(snapshot, principal, { ...call, kind: 'tool' }, at).effect === 'allow';

function report(tools: readonly Weighed[], settings: ToolListSettings): Omit<ToolWeights, 'subject' | 'unknown'> {
  const { mode, autoAboveTokens } = settings;
  const all = { tools: tools.length, ...weigh(tools) };
  const frame = weigh(searchToolTexts.map((text) => ({ bytes: Buffer.byteLength(text) + 1 })));
  const average = tools.length === 0 ? 0 : all.tokens / tools.length;
  const taskTokens = Math.round(resultsTokens + definitionsRead * average);
  const savedTokens = all.tokens - frame.tokens - taskTokens;
  const byServer = [...Map.groupBy(tools, ({ server }) => server)].map(([server, own]) => ({
    server,
    tools: own.length,
    ...weigh(own),
  }));
  const heaviest = [...tools].sort(heavierFirst).slice(0, mostTools);
  return {
    mode,
    autoAboveTokens,
    shown: mode === 'search' || (mode === 'auto' && all.tokens > autoAboveTokens) ? 'search' : 'all',
    all,
    search: { tools: searchToolTexts.length, ...frame, taskTokens },
    savedTokens,
    recommendation: recommendation(all.tokens, frame.tokens, taskTokens, autoAboveTokens),
    servers: byServer.sort(heavierFirst),
    tools: heaviest.map((each) => ({ server: each.server, tool: clip(each.tool, 200), ...weigh([each]) })),
    complete: heaviest.length === tools.length,
  };
}

function weigh(parts: readonly { readonly bytes: number }[]): { bytes: number; tokens: number } {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { bytes, tokens: estimatedTokens(bytes) };
}

const heavierFirst = (a: { readonly bytes: number }, b: { readonly bytes: number }): number => b.bytes - a.bytes;

function recommendation(all: number, search: number, task: number, above: number): string {
  if (all <= search + task)
    return `List all: the whole list (about ${all} tokens) weighs no more than searching it once (about ${search + task}).`;
  if (all <= above)
    return `List all: about ${all} tokens are below the ${above} of autoAboveTokens, and a search costs a model turns.`;
  return `Search, or auto: a conversation begins with about ${search} tokens in place of ${all}, and each task that needs a search costs about ${task}.`;
}
