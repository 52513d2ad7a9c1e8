import type { Kysely } from 'kysely';
import { newId } from '../../domain/ids.ts';
import type { SnapshotApproval } from '../../domain/snapshot.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { argsShape } from '../args-shape.ts';
import type { CallTarget } from '../call-target.ts';
import type { Request } from '../governed-call.ts';
import { CallKeys, type CallKey } from './call-key.ts';
import {
  claimApproval,
  continueApproval,
  countPending,
  findApproval,
  insertApproval,
  releaseApproval,
  type ApprovalTables,
  type NewApproval,
} from './store.ts';

/** An approval that has been used up by a call, and how often that call has been sent with it. */
export interface ApprovalUse {
  readonly id: string;
  readonly sends: number;
}

/** How it stands with a call that somebody must approve. */
export type Standing =
  | { readonly kind: 'granted'; readonly use: ApprovalUse }
  | { readonly kind: 'pending'; readonly id: string; readonly expiresAt: string }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: string }
  /** The token has asked for too much that nobody has decided. */
  | { readonly kind: 'too-many' };

/** Requests of one token that may wait at a time. */
const mostPending = 100;
/** Each round that decides nothing means that somebody else was quicker with the same call. */
const mostRounds = 8;

/**
 * Approvals of calls as the gateway sees them: it asks, and uses up what control has approved. All of it is in the
 * database, so that it holds over a restart and in every replica; nothing here is reached by tools that need none.
 */
export class Approvals {
  readonly #db: Kysely<ApprovalTables>;
  readonly #clock: Clock;
  readonly #keys: CallKeys;

  constructor(deps: { readonly db: Kysely<ApprovalTables>; readonly clock: Clock; readonly vault: Vault }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#keys = new CallKeys(deps);
  }

  /**
   * Use up the approval of exactly this call, or ask for one.
   * @throws what the database throws
   */
  async admit(request: Request, target: CallTarget, setting: SnapshotApproval): Promise<Standing> {
    const key = this.#keys.of(request.call.principal, target, request.message);
    for (let round = 0; round < mostRounds; round++) {
      const at = isoTime(this.#clock.now());
      const known = await findApproval(this.#db, key.call, at);
      if (known?.state === 'approved') {
        if (await claimApproval(this.#db, known.id, at)) return { kind: 'granted', use: { id: known.id, sends: 1 } };
      } else if (known?.state === 'pending') {
        return { kind: 'pending', id: known.id, expiresAt: known.expires_at };
      } else if (known?.state === 'refused') {
        return { kind: 'refused', id: known.id, reason: known.reason ?? '' };
      } else {
        if ((await countPending(this.#db, request.call.principal.tokenId, at)) >= mostPending) break;
        const row = this.#row(request, target, setting, key);
        if (await insertApproval(this.#db, row)) return { kind: 'pending', id: row.id, expiresAt: row.expires_at };
      }
    }
    return { kind: 'too-many' };
  }

  /**
   * Go on with a call that was approved and sent before.
   * @returns undefined when that has been done already, or it would be another call: its server, address or tool is not
   *   what it was
   */
  async resume(before: ApprovalUse, { call, message }: Request, target: CallTarget): Promise<ApprovalUse | undefined> {
    const key = this.#keys.ofFirst(call.principal, target, message);
    const goesOn = await continueApproval(this.#db, before, key.call);
    return goesOn ? { id: before.id, sends: before.sends + 1 } : undefined;
  }

  /** Make an approval what it was before it was used for a call that was not sent. */
  async giveBack(use: ApprovalUse): Promise<void> {
    await releaseApproval(this.#db, use);
  }

  #row(
    { call, asked }: Request,
    { server, definition }: CallTarget,
    { approvers, expiresInMinutes }: SnapshotApproval,
    key: CallKey,
  ): NewApproval & { readonly id: string; readonly expires_at: string } {
    const now = this.#clock.now();
    const { principal, held } = call;
    return {
      id: newId(now),
      workspace_id: principal.workspaceId,
      token_id: principal.tokenId,
      principal_kind: principal.kind,
      member_id: principal.memberId,
      machine_id: principal.machineId,
      server_id: server.id,
      server_slug: server.slug,
      tool: definition.name,
      definition_hash: definition.hash ?? '',
      args_mac: key.argsMac,
      args_shape: argsShape(asked.args, definition.declared),
      call_key: key.call,
      policy_version: held.snapshot.version,
      approvers: JSON.stringify(
        approvers.flatMap((who) => (who.kind === 'everybody' ? [] : [`${who.kind}:${who.id}`])),
      ),
      state: 'pending',
      created_at: isoTime(now),
      expires_at: isoTime(now + expiresInMinutes * 60_000),
      decided_at: null,
      decided_by: null,
      reason: null,
      used_at: null,
      sends: 0,
    };
  }
}
