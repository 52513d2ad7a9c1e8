import { member, sourceText } from '../../platform/json/scan.ts';
import { toolsCall } from '../call-tool.ts';
import type { GatewayDeps } from '../deps.ts';
import { governedCall, type Asked, type GovernedMethod } from '../governed-call.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import { withParams } from '../rewritten.ts';
import { callFault } from './arguments.ts';

/** A call of a tool that came within one of `call_tool`: its headers speak of that one. */
const foundTool: GovernedMethod = { ...toolsCall, paramsInHeaders: false };

/**
 * `call_tool`: the call that stands in its arguments, as if it had come by itself. Name and arguments have the bytes they
 * came with, and everything beside the arguments stays: what the caller wants to hear, its request id, its answers to
 * questions. From here on it is judged, recorded and sent as any other call.
 * @throws RpcError, AppError
 */
export function callThrough(deps: GatewayDeps, call: Exchanged, message: Message, asked: Asked): Promise<void> {
  const { bytes } = message;
  const { args } = asked;
  const fault = asked.fault ?? callFault(bytes, args);
  if (fault !== undefined)
    return governedCall(deps, call, message, { ...foundTool, read: () => ({ ...asked, fault }) });
  const inner = member(args, 'arguments');
  const meant = withParams(message, {
    name: sourceText(bytes, member(args, 'name')!),
    arguments: inner === undefined ? undefined : sourceText(bytes, inner),
  });
  return governedCall(deps, call, meant, foundTool);
}
