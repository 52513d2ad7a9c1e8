import type { SnapshotApproval } from '../snapshot.ts';

export type Decision =
  | {
      readonly effect: 'allow';
      readonly rule: string;
      /** What would have refused it, were enforcement on; null: nothing. */
      readonly wouldDeny: string | null;
      /** The setting by which somebody must approve this very call first; absent: nobody need. */
      readonly approval?: SnapshotApproval;
    }
  | {
      readonly effect: 'deny';
      readonly rule: string;
      readonly reason: string;
      /** False: the caller must not learn that the server exists. */
      readonly visible: boolean;
    };

/** A way to be allowed without a rule: as it is, and as it is recorded when only the missing enforcement lets it pass. */
export interface Pass {
  readonly allow: Decision;
  readonly unenforced: Decision;
}

/** The rule that is named where somebody with allow rules is refused what none of them lists. */
export const notListed = 'not-listed';
/** The rule that is named where a strict workspace has no rule. */
export const noRule = 'no-rule';

export const pass = (rule: string): Pass => ({
  allow: { effect: 'allow', rule, wouldDeny: null },
  unenforced: { effect: 'allow', rule, wouldDeny: notListed },
});

/** The same decision, for a call that an approver must have seen; a refusal stays what it is. */
export const awaiting = (decision: Decision, approval: SnapshotApproval): Decision =>
  decision.effect === 'allow' ? { ...decision, approval } : decision;

export const hidden = (rule: string): Decision => ({
  effect: 'deny',
  rule,
  reason: 'No such server in what this token may see.',
  visible: false,
});

export const refusal = (rule: string, reason: string): Decision => ({ effect: 'deny', rule, reason, visible: true });

/** What a tool is answered that is allowed, but not as its server defines it now. */
export const heldBack = {
  new: refusal('pin:new', 'Held back: it is new and not approved. Ask an administrator to review it.'),
  changed: refusal(
    'pin:changed',
    'Held back: its definition has changed and is not approved. Ask an administrator to review it.',
  ),
} as const;
