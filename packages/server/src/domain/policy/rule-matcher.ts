import type { PolicyCall } from '../policy.ts';
import type { Snapshot, SnapshotRule } from '../snapshot.ts';
import type { Principal } from './principal.ts';
import { subjectKey, subjectsOf } from './rights.ts';
import { parseRuleObject } from './rule-object.ts';
import { ServerRights } from './server-rights.ts';
import { clauseOf } from './verdict.ts';

/** Whether one rule, taken alone and whenever it ends, is about a call. Reads objects as `decide` does. */
export function ruleMatcher(
  snapshot: Snapshot,
  rule: SnapshotRule,
): (principal: Principal, call: PolicyCall) => boolean {
  const subject = subjectKey(rule.subject);
  const object = parseRuleObject(rule.object);
  const clause = clauseOf(rule);
  const servers = new Map(
    snapshot.servers
      .filter(({ slug }) => object?.server === '*' || object?.server === slug)
      .map((server) => [server.slug, new ServerRights(server, [{ target: object!.target, clause }], undefined)]),
  );
  return (principal, { serverSlug, kind, name }) => {
    const server = servers.get(serverSlug);
    if (server === undefined || principal.kind === 'workspace') return false;
    if (rule.subject.kind !== 'everybody' && !subjectsOf(principal).includes(subject)) return false;
    return (kind === 'tool' ? server.tool(name) : server[kind])[rule.effect] !== undefined;
  };
}
