import { isStopped } from '../../domain/policy.ts';
import { rpcCode } from '../../domain/protocol.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Caller } from '../inbound.ts';
import { RpcError } from '../rpc-error.ts';

/**
 * Who is stopped, or listens to a server that is, opens no stream.
 * @throws RpcError with HTTP 403
 */
export function refuseStopped(deps: GatewayDeps, { held, principal, server }: Caller): void {
  if (!isStopped(held.snapshot, principal, server?.slug, deps.clock.now())) return;
  throw new RpcError(403, rpcCode.notAllowed, 'An administrator has stopped this. Ask them before you try again.');
}
