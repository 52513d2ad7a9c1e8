import type { SnapshotApproval, SnapshotRule } from '../snapshot.ts';
import type { Decision } from './decision.ts';

/** A rule as it takes part in decisions. */
export interface Clause {
  readonly id: string;
  readonly effect: SnapshotRule['effect'];
  /** Milliseconds since the epoch until which it holds; Infinity = for good. */
  readonly until: number;
  /** Made once, so that deciding makes nothing. */
  readonly decision: Decision;
}

/** What the rules say about one thing: of each effect the rule that holds longest. */
export interface Verdict {
  readonly allow: Clause | undefined;
  readonly deny: Clause | undefined;
  /** Of a tool: what its calls wait for. */
  readonly approval: SnapshotApproval | undefined;
}

export const silence: Verdict = { allow: undefined, deny: undefined, approval: undefined };

/** What all these clauses say together; their order does not matter. */
export function verdictOf(clauses: readonly Clause[]): Verdict {
  let verdict = silence;
  for (const clause of clauses) verdict = { ...verdict, [clause.effect]: lasting(verdict[clause.effect], clause) };
  return verdict;
}

/** While any of several holds, the longest does; of equal ones the oldest is named. */
function lasting(before: Clause | undefined, clause: Clause): Clause {
  if (before === undefined || clause.until > before.until) return clause;
  return clause.until === before.until && clause.id < before.id ? clause : before;
}

export const clauseOf = (rule: SnapshotRule): Clause => ({
  id: rule.id,
  effect: rule.effect,
  until: rule.expiresAt === null ? Infinity : Date.parse(rule.expiresAt),
  decision:
    rule.effect === 'allow'
      ? { effect: 'allow', rule: `rule:${rule.id}`, wouldDeny: null }
      : {
          effect: 'deny',
          rule: `rule:${rule.id}`,
          reason: `A rule of the workspace denies it (${rule.id}). Ask an administrator.`,
          visible: true,
        },
});
