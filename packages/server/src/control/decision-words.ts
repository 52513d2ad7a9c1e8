import type { Rule } from '@mcpnest/contract/schemas/rules';
import type { Decision } from '../domain/policy.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Directory } from './subjects.ts';

const allowed: Readonly<Record<string, string>> = {
  member: 'No allow rule names them, and the workspace is open.',
  machine: 'No allow rule names it, and the workspace is open.',
  'workspace-token': 'Workspace tokens pass every allow list.',
  'token-scope:server': 'Its token is narrowed to some servers, of which this is one.',
  'token-scope:tool': 'Its token is narrowed to some tools, of which this is one.',
};

/** A decision for people. */
export function inWords(decision: Decision, rule: Pick<Rule, 'effect' | 'subject' | 'object'> | undefined): string {
  if (rule !== undefined) return `The rule to ${rule.effect} ${rule.subject} ${rule.object} decides.`;
  if (decision.effect === 'deny') return decision.visible ? decision.reason : 'The server is not shown to them.';
  if (decision.wouldDeny === null) return allowed[decision.rule] ?? decision.rule;
  return 'None of their allow rules lists it; it is allowed because enforcement is off.';
}

/** A decision by a policy of any time, for people, with whoever answers for the rule or stop. */
export function recordedInWords(
  decision: Decision,
  snapshot: Snapshot,
  directory: Directory,
): { readonly says: string; readonly author: string | null } {
  const rule = (snapshot.rules ?? []).find(({ id }) => decision.rule === `rule:${id}`);
  const stop = (snapshot.stops ?? []).find(({ id }) => decision.rule === `stop:${id}`);
  const worded = rule && { effect: rule.effect, subject: directory.name(rule.subject), object: rule.object };
  return { says: inWords(decision, worded), author: rule?.createdBy ?? stop?.createdBy ?? null };
}
