import { setImmediate as turn } from 'node:timers/promises';
import type { UnusedRights } from '@mcpnest/contract/schemas/access';
import type { Kysely } from 'kysely';
import { ruleMatcher } from '../../domain/policy/rule-matcher.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { exportRules, listRules } from '../rules/rules.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readPastCalls } from './past-calls.ts';
import { principalsByToken } from './principals.ts';

const dayMs = 86_400_000;

/**
 * Allow rules that hold, are older than these days, and were needed by no recorded call since; with a document that
 * ends them. A past that was not read to its end proves nothing unused, so then there is no proposal.
 * @param now milliseconds since the epoch
 */
export async function unusedRights(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  days: number,
  now: number,
): Promise<UnusedRights> {
  const from = isoTime(now - days * dayMs);
  const at = isoTime(now);
  const snapshot = await readSnapshot(db, workspace.id);
  const rules = new Map((await listRules(db, workspace, {})).map((rule) => [rule.id, rule]));
  const past = await readPastCalls(db, workspace.id, from);
  const principals = await principalsByToken(db, workspace);
  let open = (snapshot.rules ?? [])
    .filter(({ id, effect, expiresAt }) => {
      const old = (rules.get(id)?.createdAt ?? at) < from;
      return old && effect === 'allow' && (expiresAt === null || expiresAt > at);
    })
    .map((rule) => ({ id: rule.id, matches: ruleMatcher(snapshot, rule) }));
  let skipped = 0;
  for (const [index, { tokenId, call, calls }] of past.groups.entries()) {
    if (index % 200 === 199) await turn();
    const principal = principals.get(tokenId);
    if (principal === undefined) skipped += calls;
    else open = open.filter(({ matches }) => !matches(principal, call));
  }
  const unused = past.complete ? new Set(open.map(({ id }) => id)) : new Set<string>();
  const items = [...rules.values()].filter((rule) => unused.has(rule.id));
  return {
    ...{ days, from, to: at, calls: past.calls, skipped, complete: past.complete, items },
    proposal: items.length === 0 ? null : await ending(db, workspace, items, at),
  };
}

const identity = (rule: { readonly effect: string; readonly subject: string; readonly object: string }): string =>
  JSON.stringify([rule.effect, rule.subject, rule.object]);

async function ending(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  items: UnusedRights['items'],
  at: string,
): Promise<UnusedRights['proposal']> {
  const unused = new Set(items.map(identity));
  const document = await exportRules(db, workspace);
  const rules = document.rules.map((rule) => (unused.has(identity(rule)) ? { ...rule, expiresAt: at } : rule));
  return { ...document, rules };
}
