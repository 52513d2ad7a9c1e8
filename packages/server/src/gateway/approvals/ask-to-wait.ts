import type { ByteString } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { capabilitiesOf } from '../bridge/conversations.ts';
import { requires, type InputRequest } from '../bridge/capabilities.ts';
import { inputRequired } from '../bridge/input-required.ts';
import { bindingOf } from '../bridge/request-state.ts';
import type { CallTarget } from '../call-target.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Request } from '../governed-call.ts';
import { RpcError } from '../rpc-error.ts';

/** How often the person at a client is asked for one call; then it gets the error. */
const mostAsked = 3;
/** A client that comes back this long after the request has expired still hears how it stands. */
const graceMs = 3_600_000;

/** Of a call that came back after its client was asked to wait. */
export interface Waited {
  /** How often the client was asked. */
  readonly asked: number;
  /** The person at the client does not want to wait. */
  readonly declined: boolean;
}

/**
 * Ask the person at a modern client to come back once somebody has decided (2026-07-28, mrtr): a form without fields, and
 * no page to open, since who has asked is never who decides.
 * @param refused what the call was refused with
 * @returns the result in place of that; undefined where it is another refusal, the client cannot ask, or has been asked
 */
export function askToWait(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  refused: unknown,
): ByteString | undefined {
  const { call, message, waited } = request;
  if (!(refused instanceof RpcError) || refused.code !== rpcCode.approvalRequired) return undefined;
  if (call.era.kind !== 'modern' || waited?.declined === true || (waited?.asked ?? 0) >= mostAsked) return undefined;
  const { approvalId, expiresAt } = refused.data as { approvalId: string; expiresAt: string };
  const question = form(approvalId, expiresAt, target);
  if (requires(question, capabilitiesOf(call, message)).kind !== 'granted') return undefined;
  const ttlMs = Date.parse(expiresAt) - deps.clock.now() + graceMs;
  const asked = (waited?.asked ?? 0) + 1;
  const state = deps.states.seal({ kind: 'waiting', asked }, bindingOf(request, target), ttlMs);
  return inputRequired(new Map([['approval', question]]), state);
}

function form(approvalId: string, expiresAt: string, { server, definition }: CallTarget): InputRequest {
  const message =
    `A person must approve this call of '${definition.name}' on '${server.slug}' first; it was not sent. ` +
    `Request ${approvalId} waits until ${expiresAt}. An approver runs: mcpnest approval approve ${approvalId}. ` +
    'Accept once it has been decided, and the call goes on.';
  return {
    method: 'elicitation/create',
    params: JSON.stringify({ mode: 'form', message, requestedSchema: { type: 'object', properties: {} } }),
  };
}
