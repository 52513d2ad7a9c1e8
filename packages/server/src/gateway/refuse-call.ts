import type { Decision } from '../domain/policy.ts';
import type { GatewayDeps } from './deps.ts';
import type { Request } from './governed-call.ts';
import { notAllowed } from './rpc-error.ts';

/** Answer a call that the policy refuses. @throws RpcError, with the row written */
export function refuseCall(
  deps: GatewayDeps,
  { method, call, asked, record }: Request,
  { visible, rule, reason }: Extract<Decision, { effect: 'deny' }>,
): never {
  record.deny(visible ? 403 : 404, visible ? 'denied_by_policy' : `unknown_${asked.kind}`, rule);
  throw visible ? notAllowed(asked.kind, reason) : method.unknown(deps, call, asked);
}
