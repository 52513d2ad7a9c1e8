import type { ServerResponse } from 'node:http';
import { ascii, bytes, cut, type ByteString } from '../messages/byte-string.ts';
import { membersOf } from '../messages/json-members.ts';
import { MessageRejected, readMessage, withId, type RequestMessage } from '../messages/message.ts';
import { errorText, json, rpcCode } from '../messages/protocol.ts';
import { forModernChild } from '../messages/translate.ts';
import { CallFailed } from '../stdio/channel.ts';
import { clientGone, type Backend } from './endpoint.ts';
import { sendJson } from './reply.ts';
import { timedCall } from './timed-call.ts';

/**
 * `POST /tools/list` and `POST /tools/call`: one request, one JSON answer, no handshake and no stream. The body is the
 * params of the method (`{"name": …, "arguments": …}`), answered with the bare result, or a JSON-RPC request, answered
 * with a JSON-RPC response.
 * @throws MessageRejected
 */
export async function serveAlias(
  backend: Backend,
  res: ServerResponse,
  method: string,
  body: ByteString,
): Promise<void> {
  const { request, isRpc } = readBody(method, body);
  try {
    const { channel, hello } = backend.shared();
    const outgoing = hello.era === 'modern' ? forModernChild(request) : request;
    const call = timedCall(channel, outgoing, backend.settings, () => undefined);
    res.once('close', () => call.cancel(clientGone));
    const answer = await call.answer;
    const { text, result, error } = answer;
    if (isRpc) sendJson(res, 200, withId(answer, cut(request.text, request.id)));
    else if (result !== undefined) sendJson(res, 200, cut(text, result));
    else sendJson(res, statusOf(text, error!.start), bytes`{"error":${cut(text, error!)}}`);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error === clientGone) return;
    if (isRpc) sendJson(res, 200, errorText(error.fault, cut(request.text, request.id)));
    else sendJson(res, error.fault.code, json({ error: error.fault }));
  }
}

function readBody(method: string, body: ByteString): { request: RequestMessage; isRpc: boolean } {
  const params = body.trim() === '' ? ascii('{}') : body;
  const members = isJson(params) ? membersOf(params, 0, 'last') : undefined;
  if (members === undefined) throw new MessageRejected('The body must be a JSON object.', isJson(params));
  const isRpc = members.has('jsonrpc');
  const text = isRpc ? params : bytes`{"jsonrpc":"2.0","id":0,"method":${json(method)},"params":${params}}`;
  const message = readMessage(text);
  if (message.kind !== 'request' || message.method !== method) {
    throw new MessageRejected(`A JSON-RPC body must be a request for ${method}.`, true);
  }
  return { request: message, isRpc };
}

function isJson(text: ByteString): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const callersFault = new Set<string>(
  [rpcCode.invalidRequest, rpcCode.methodNotFound, rpcCode.invalidParams].map(String),
);

/** An error of the child's as an HTTP status: whose fault it is. */
function statusOf(text: ByteString, error: number): number {
  const code = membersOf(text, error, 'last')?.get('code');
  return code !== undefined && callersFault.has(cut(text, code)) ? 400 : 502;
}
