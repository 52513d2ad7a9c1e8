import type { Decision, Principal } from '../domain/policy.ts';
import type { Receipt } from '../platform/journal/records.ts';
import type { ApprovalUse } from './approvals/approvals.ts';
import type { HeldSnapshot } from './snapshots.ts';
import type { CallTarget } from './call-target.ts';

const authority = Symbol('authority');

/**
 * The right to send one call to one upstream. It can only be made by `authorize`, from a decision that allows and a
 * receipt of the journal, and with an approval where the decision asks for one; `dispatch` takes nothing else: no yes or no row, no call (rules R1, R2, R9).
 */
export class AuthorizedCall {
  readonly #grant: Grant;
  #spent = false;

  constructor(by: typeof authority, grant: Grant) {
    if (by !== authority) throw new TypeError('Only authorize() makes an AuthorizedCall.');
    if (grant.decision.approval !== undefined && grant.approval === undefined) {
      throw new TypeError('This call has not been approved.');
    }
    this.#grant = grant;
  }

  /**
   * Use the right up: a call is sent at most once.
   * @returns what it is a right to, which there is no other way to learn
   */
  spend(): Grant {
    if (this.#spent) throw new TypeError('This call has been sent already.');
    this.#spent = true;
    return this.#grant;
  }
}

/** What was decided about a call, on whose behalf, by what, and the proof that it is on record. */
export interface Grant {
  readonly principal: Principal;
  readonly held: HeldSnapshot;
  readonly target: CallTarget;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** Used up for this call. */
  readonly approval: ApprovalUse | undefined;
  readonly receipt: Receipt;
}

export const authorize = (grant: Grant): AuthorizedCall => new AuthorizedCall(authority, grant);
