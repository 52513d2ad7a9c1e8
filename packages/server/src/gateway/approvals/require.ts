import { rpcCode } from '../../domain/protocol.ts';
import type { SnapshotApproval } from '../../domain/snapshot.ts';
import { invalidState } from '../bridge/request-state.ts';
import type { CallTarget } from '../call-target.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Request } from '../governed-call.ts';
import { rateLimited, type Budget } from '../limits.ts';
import { RpcError } from '../rpc-error.ts';
import type { ApprovalUse, Standing } from './approvals.ts';

/** When it makes sense to ask again whether somebody has decided; milliseconds. */
const askAgainMs = 15_000;
const waiting: Budget = { name: 'approvals', what: 'calls of this token that wait for approval' };

/**
 * Have a call approved before it is sent: with an approval that is used up here, or as a further part of a call that
 * had one.
 * @returns what it is sent with
 * @throws RpcError 428 while nobody has decided, -32003 when it was refused; AppError; with the row written
 */
export async function requireApproval(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  setting: SnapshotApproval,
): Promise<ApprovalUse> {
  const { method, message, asked, record } = request;
  const rule = `approval:${setting.target}`;
  let standing: Standing;
  try {
    standing = await standingOf(deps, request, target, setting);
  } catch (error) {
    if (error instanceof RpcError) {
      record.deny(400, 'invalid_state', rule);
      throw error;
    }
    // Without the database nobody can say that it was approved, so it was not.
    deps.log.error({ err: error }, 'approvals cannot be read');
    record.deny(503, 'unavailable', rule);
    throw unknowable();
  }
  if ('use' in standing || 'id' in standing) record.approval('use' in standing ? standing.use.id : standing.id);
  if (standing.kind === 'granted') return standing.use;
  method.describe(record, message, asked, target);
  if (standing.kind === 'pending') {
    record.deny(428, 'approval_required', rule);
    throw pending(standing.id, standing.expiresAt);
  }
  if (standing.kind === 'refused') {
    record.deny(403, 'approval_refused', rule);
    throw refused(standing.id, standing.reason);
  }
  record.deny(429, 'rate_limited', `limit:${waiting.name}`);
  throw rateLimited(waiting, askAgainMs);
}

/** Give back an approval that nothing was sent with; where that fails it is used up, and the call asked for anew. */
export async function giveBack(deps: GatewayDeps, use: ApprovalUse): Promise<void> {
  try {
    await deps.approvals.giveBack(use);
  } catch (error) {
    deps.log.error({ err: error }, 'an approval could not be given back');
  }
}

async function standingOf(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  setting: SnapshotApproval,
): Promise<Standing> {
  if (request.approval === undefined) return deps.approvals.admit(request, target, setting);
  const use = await deps.approvals.resume(request.approval, request, target);
  if (use === undefined) throw invalidState();
  return { kind: 'granted', use };
}

const pending = (id: string, expiresAt: string): RpcError =>
  new RpcError(
    200,
    rpcCode.approvalRequired,
    `A person must approve this call first; it was not sent. Request ${id} waits until ${expiresAt}. ` +
      `An approver runs: mcpnest approval approve ${id}. Then call the same tool again with exactly the same arguments.`,
    {
      approvalId: id,
      expiresAt,
      retryAfterMs: askAgainMs,
      hint: 'Tell the user that approval is needed. Repeating the call while it waits asks nobody twice; other arguments are another request.',
    },
  );

const unknowable = (): RpcError =>
  new RpcError(
    200,
    rpcCode.unavailable,
    'Whether this call is approved cannot be found out right now. Nothing was sent; try again.',
    { retryAfterMs: askAgainMs },
  );

const refused = (id: string, reason: string): RpcError =>
  new RpcError(200, rpcCode.notAllowed, 'Tool not allowed for this user', {
    reason: `An approver refused this call: ${reason}`,
    approvalId: id,
  });
