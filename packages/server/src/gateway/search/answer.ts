import { byteString } from '../../platform/byte-string.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';

/** Answer a call with one text, which is what every revision and every client can read. */
export function answerText(deps: GatewayDeps, call: Exchanged, message: Message, text: string): void {
  answer(deps, call, message, text, '');
}

/** Tell a model what to do better (2025-11-25, "Error Handling": input errors are results). */
export function answerFault(deps: GatewayDeps, call: Exchanged, message: Message, fault: string): void {
  answer(deps, call, message, fault, ',"isError":true');
}

function answer(deps: GatewayDeps, { inbound, era }: Exchanged, { idText }: Message, text: string, more: string): void {
  const kind = era.kind === 'modern' ? '"resultType":"complete",' : '';
  const result = `{${kind}"content":[{"type":"text","text":${JSON.stringify(text)}}]${more}}`;
  deps.replies.result(inbound, idText, byteString(result));
}
