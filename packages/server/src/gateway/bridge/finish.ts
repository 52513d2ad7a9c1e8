import type { ClientCapabilities } from '../client-capabilities.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Request } from '../governed-call.ts';
import type { Relay } from '../relay.ts';
import type { CallTarget } from '../call-target.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import { inputRequired, resultType } from './input-required.ts';
import { linkRequests, linkResult, linksOf, type Link } from './links.ts';
import { parkedMs } from './parked-calls.ts';
import { bindingOf } from './request-state.ts';
import { taskEdits } from './task-names.ts';

/** Give the client an answer that is final, in a form its generation knows. */
export function finish(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  capabilities: ClientCapabilities,
  relay: Relay,
  answer: UpstreamAnswer,
): void {
  const { method, call } = request;
  if (answer.error !== undefined) {
    const links = linksOf(answer);
    if (links !== undefined && showLinks(deps, request, target, capabilities, links)) return;
  }
  const own = method.edits(deps, call, target, answer);
  relay.answer(
    answer,
    resultType(answer) === 'task' ? [...(own ?? []), ...taskEdits(deps, call, target, answer)] : own,
  );
}

/**
 * Error -32042 in the terms of a client that does not know it: a modern one is asked to open the links and to come
 * again, a tool's caller that cannot is told of them in words.
 * @returns false where the error itself is the best that can be said
 */
function showLinks(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  { elicitation }: ClientCapabilities,
  links: readonly Link[],
): boolean {
  const { call, message, method } = request;
  const modern = call.era.kind === 'modern';
  if (!modern && elicitation.url) return false;
  if (modern && elicitation.url) {
    const state = deps.states.seal({ kind: 'again', approval: request.approval }, bindingOf(request, target), parkedMs);
    deps.replies.result(call.inbound, message.idText, inputRequired(linkRequests(links), state));
    return true;
  }
  if (method.method !== 'tools/call') return false;
  deps.replies.result(call.inbound, message.idText, linkResult(links, modern));
  return true;
}
