import type { z } from 'zod';
import type { AccessChange, AccessChanges, accessChangesQuery } from '@mcpnest/contract/schemas/access-history';
import type { Kysely } from 'kysely';
import { invalidInput } from '../../domain/errors.ts';
import type { Decision } from '../../domain/policy.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { oldestPolicyAt } from '../../platform/policy-history.ts';
import { recordedInWords } from '../decision-words.ts';
import type { WorkspaceRef } from '../operation.ts';
import { policyRef } from './as-of.ts';
import { comparePlaces, pageOf } from './paging.ts';
import { judge, pairsOf, placeOf, readPast, type Pair, type PastAccess } from './past-access.ts';

/**
 * Who came to be able, or unable, to call what between two moments.
 * @throws AppError `not_found` when nothing so old is kept; `invalid_input`
 */
export async function accessChanges(
  deps: { readonly db: Kysely<Schema>; readonly clock: Clock },
  workspace: WorkspaceRef,
  query: z.output<typeof accessChangesQuery>,
): Promise<AccessChanges> {
  const { to = isoTime(deps.clock.now()), from = (await oldestPolicyAt(deps.db, workspace.id)) ?? to } = query;
  if (Date.parse(from) > Date.parse(to)) {
    const path = 'query.to';
    throw invalidInput('The later moment is before the earlier one.', [{ path, message: 'must not be before from' }]);
  }
  const before = await readPast(deps, workspace, from, query);
  const after = await readPast(deps, workspace, to, query);
  const page = await pageOf(
    merged(before, after),
    ({ newest }) => placeOf(newest),
    query,
    (both) => change(before, after, both),
  );
  return {
    ...{ from: isoTime(before.at), to: isoTime(after.at) },
    ...{ policyBefore: policyRef(before.policy), policyAfter: policyRef(after.policy) },
    ...page,
  };
}

/** The same thing and caller as two moments had them, at least one of which had them. */
interface Both {
  readonly before: Pair | undefined;
  readonly after: Pair | undefined;
  readonly newest: Pair;
}

/** The pairs of two moments in one order, each once. */
function* merged(before: PastAccess, after: PastAccess): Generator<Both> {
  const [left, right] = [pairsOf(before), pairsOf(after)];
  let a = next(left);
  let b = next(right);
  for (;;) {
    const order = a === undefined ? 1 : b === undefined ? -1 : comparePlaces(placeOf(a), placeOf(b));
    const both = { before: order <= 0 ? a : undefined, after: order >= 0 ? b : undefined };
    const newest = both.after ?? both.before;
    if (newest === undefined) return;
    yield { ...both, newest };
    if (order <= 0) a = next(left);
    if (order >= 0) b = next(right);
  }
}

function next(pairs: Generator<Pair, void>): Pair | undefined {
  const { done, value } = pairs.next();
  return done === true || value === undefined ? undefined : value;
}

/** Undefined: nothing has changed for them. */
function change(before: PastAccess, after: PastAccess, both: Both): AccessChange | undefined {
  const was = both.before === undefined ? undefined : judge(before, both.before);
  const is = both.after === undefined ? undefined : judge(after, both.after);
  if (accessOf(was) === accessOf(is)) return undefined;
  const { caller, server, tool } = both.newest;
  const other = both.before === undefined ? before : both.after === undefined ? after : undefined;
  // Its tools were known then, and each of them is told of by itself.
  if (tool === undefined && other?.servers.some(({ id, tools }) => id === server.id && tools.length > 0))
    return undefined;
  return {
    ...{ subject: caller.subject, token: caller.token, server: server.slug, tool: tool?.name ?? null },
    ...{ before: accessOf(was), after: accessOf(is) },
    ruleBefore: was?.rule ?? null,
    ruleAfter: is?.rule ?? null,
    reason: is === undefined ? gone : recordedInWords(is, after.policy.snapshot, after.directory).says,
  };
}

const gone = 'The token, the server or the tool is not there any more.';

function accessOf(decision: Decision | undefined): AccessChange['before'] {
  if (decision?.effect !== 'allow') return 'none';
  return decision.approval === undefined ? 'allowed' : 'once-approved';
}
