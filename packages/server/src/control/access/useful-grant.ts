import { conflict } from '../../domain/errors.ts';
import { decide, otherwise, type PolicyCall } from '../../domain/policy.ts';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { SnapshotRule } from '../../domain/snapshot.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { principalOf } from './principals.ts';

/**
 * An allow rule must help its member: one who has none in an open workspace would be limited by their first, what is
 * allowed already needs none, and what is denied stays denied.
 * @throws AppError `conflict` that says what stands in the way
 */
export async function requireUseful(
  change: Change,
  workspace: WorkspaceRef,
  memberId: string,
  object: string,
): Promise<void> {
  const snapshot = await readSnapshot(change.tx, workspace.id);
  const principal = await principalOf(change.tx, workspace, { kind: 'member', id: memberId });
  if (otherwise(snapshot, principal) === 'allowed') {
    throw conflict(
      'No allow rule limits this member, so another would take from them what it does not list. Only deny rules and visibility refuse them anything.',
    );
  }
  const call = singleTool(object);
  if (call === undefined) return;
  const before = decide(snapshot, principal, call, change.now);
  if (before.effect === 'allow' && before.wouldDeny === null)
    throw conflict(`${object} is allowed to this member already.`);
  const subject = { kind: 'member', id: memberId } as const;
  const grant: SnapshotRule = { id: 'grant', effect: 'allow', subject, object, absolute: false, expiresAt: null };
  const after = decide({ ...snapshot, rules: [...(snapshot.rules ?? []), grant] }, principal, call, change.now);
  if (after.effect === 'allow') return;
  throw conflict(
    after.visible
      ? `No allow rule can give this: ${after.rule} denies it. Change that rule.`
      : 'The server is not shown to this member. Change its visibility first.',
  );
}

function singleTool(object: string): PolicyCall | undefined {
  const { server, target } = parseRuleObject(object)!;
  if (server === '*' || target.kind !== 'tools' || target.pattern.includes('*')) return undefined;
  return { serverSlug: server, kind: 'tool', name: target.pattern, definition: undefined };
}
