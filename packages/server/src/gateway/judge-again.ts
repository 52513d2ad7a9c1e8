import type { GatewayDeps } from './deps.ts';
import { refuseInDrill } from './drill.ts';
import type { Admitted, Request } from './governed-call.ts';
import type { Caller } from './inbound.ts';
import { refuseCall } from './refuse-call.ts';
import { RpcError } from './rpc-error.ts';
import { rpcCode } from '../domain/protocol.ts';

type Judged = Pick<Admitted, 'target' | 'decision'>;

/**
 * Judge a call once more that has waited for the database: by what holds now, of its caller, its server, its tool and a
 * drill.
 * @returns the request and its target as they are to be sent, by the snapshot that was judged by
 * @throws RpcError, AppError; with the row written
 */
export function judgeAgain(
  deps: GatewayDeps,
  request: Request,
  before: Judged,
): { readonly request: Request; readonly judged: Judged } {
  const { call, method, message, asked } = request;
  let caller: Caller;
  try {
    caller = deps.readmit(call.inbound);
  } catch (error) {
    request.record.deny(401, 'unauthenticated', 'credential');
    throw error;
  }
  const { definition, server: former } = before.target;
  if (caller.held === call.held) {
    refuseInDrill(deps, request.record, before.target);
    return { request, judged: before };
  }
  const again = { ...caller, era: call.era, session: call.session };
  const record = deps.recorder.open(again, message, method.method, asked.recorded, request.record.id);
  if (request.approval !== undefined) record.approval(request.approval.id);
  const current: Request = { ...request, call: again, record };
  const server = caller.held.snapshot.servers.find(({ id }) => id === former.id);
  const target = { ...before.target, server: server ?? former };
  record.target(target);
  const { name, hash } = definition;
  const question = { serverSlug: target.server.slug, kind: asked.kind, name, definition: hash };
  const decision = deps.decide(caller.held.snapshot, caller.principal, question, deps.clock.now());
  if (decision.effect === 'deny') refuseCall(deps, current, decision);
  // What was approved is a call of this server at its address, and of no other that has come to its name.
  if (server?.url !== former.url) {
    record.deny(409, 'server_changed', `server:${former.slug}`);
    throw new RpcError(
      200,
      rpcCode.unavailable,
      'The server has been changed meanwhile. Nothing was sent; call again.',
      {
        retryAfterMs: 1_000,
      },
    );
  }
  refuseInDrill(deps, record, target);
  return { request: current, judged: { target, decision } };
}
