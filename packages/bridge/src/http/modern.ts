import { cut } from '../messages/byte-string.ts';
import { discoverResult, serverInfoOf } from '../messages/capabilities.ts';
import { membersOf } from '../messages/json-members.ts';
import { withId, type Message, type ResponseMessage } from '../messages/message.ts';
import { json, resultText, rpcCode } from '../messages/protocol.ts';
import { forLegacyChild, forModernClient } from '../messages/translate.ts';
import { inBand, isOfOneConnection, methodNotFound, replyTo, settle, type Backend, type Inbound } from './endpoint.ts';
import { sendEmpty, sendJson } from './reply.ts';
import { timedCall } from './timed-call.ts';

/** Methods that this generation no longer has, whatever a legacy child would answer. */
const gone = new Set(['ping', 'resources/subscribe', 'resources/unsubscribe']);

/**
 * A message of the generation whose requests describe themselves (2026-07-28), served by the child all share. Closing
 * the connection cancels.
 * @throws Refusal
 */
export async function serveModern(backend: Backend, { req, res, message }: Inbound<Message>): Promise<void> {
  // No notification of a client's has a meaning over HTTP in this generation.
  if (message.kind !== 'request') return sendEmpty(res, 202);
  const { method } = message;
  const id = cut(message.text, message.id);
  const { channel, hello } = backend.shared();
  if (method === 'server/discover') return sendJson(res, 200, resultText(id, json(discoverResult(hello))));
  if (gone.has(method) || isOfOneConnection(method)) throw inBand(methodNotFound(method), 404);

  const toModern = hello.era === 'modern';
  const inbound = { req, res, message };
  const reply = replyTo(inbound);
  const outgoing = toModern ? message : forLegacyChild(message);
  const call = timedCall(channel, outgoing, backend.settings, (progress) => void reply.event(progress));
  await settle(inbound, reply, call, undefined, (answer) => {
    const response = toModern ? answer : forModernClient(answer, method, serverInfoOf(hello));
    return { text: withId(response, id), status: statusOf(response) };
  });
}

/** This generation tells an unknown method by the HTTP status, too. */
function statusOf({ text, error }: ResponseMessage): number {
  const code = error === undefined ? undefined : membersOf(text, error.start, 'last')?.get('code');
  return code !== undefined && cut(text, code) === String(rpcCode.methodNotFound) ? 404 : 200;
}
