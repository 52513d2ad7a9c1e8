import type { z } from 'zod';
import type { AccessAsOf, AccessAsOfItem, accessAsOfQuery } from '@mcpnest/contract/schemas/access-history';
import type { Kysely } from 'kysely';
import type { Decision } from '../../domain/policy.ts';
import { classOf } from '../../domain/policy/tool-class.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { KeptPolicy } from '../../platform/policy-history.ts';
import { recordedInWords } from '../decision-words.ts';
import type { WorkspaceRef } from '../operation.ts';
import { pageOf } from './paging.ts';
import { judge, pairsOf, placeOf, readPast, type Pair, type PastAccess } from './past-access.ts';

/**
 * Who could call what at a moment, and why, by the policy that was in force then.
 * @throws AppError `not_found` when nothing so old is kept; `invalid_input`
 */
export async function accessAsOf(
  deps: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  query: z.output<typeof accessAsOfQuery>,
): Promise<AccessAsOf> {
  const past = await readPast(deps, workspace, query.at ?? isoTime(deps.clock.now()), query);
  const page = await pageOf(pairsOf(past), placeOf, query, (pair) => {
    const decision = judge(past, pair);
    return decision.effect === 'allow' || query.show === 'all' ? row(past, pair, decision) : undefined;
  });
  return { at: isoTime(past.at), policy: policyRef(past.policy), ...page };
}

export const policyRef = ({ version, digest, createdAt }: KeptPolicy): AccessAsOf['policy'] => ({
  version,
  digest,
  since: createdAt,
});

function row(past: PastAccess, { caller, server, tool }: Pair, decision: Decision): AccessAsOfItem {
  const { snapshot } = past.policy;
  const { says, author } = recordedInWords(decision, snapshot, past.directory);
  const found = snapshot.servers.find(({ id }) => id === server.id)!;
  return {
    ...{ subject: caller.subject, token: caller.token, server: server.slug, tool: tool?.name ?? null },
    class: tool === undefined ? null : classOf(found, tool.name),
    verdict: decision.effect === 'allow' ? 'allowed' : decision.visible ? 'denied' : 'hidden',
    approval: decision.effect === 'allow' && decision.approval !== undefined,
    rule: decision.rule,
    reason: says,
    author,
    wouldDeny: decision.effect === 'allow' ? decision.wouldDeny : null,
    known: tool?.known ?? 'names',
  };
}
