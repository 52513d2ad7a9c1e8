import type { IncomingMessage, ServerResponse } from 'node:http';
import { ascii, cut, type ByteString } from '../messages/byte-string.ts';
import { initializeResult } from '../messages/capabilities.ts';
import {
  idKey,
  stringAt,
  withId,
  type Message,
  type NotificationMessage,
  type RequestMessage,
} from '../messages/message.ts';
import { json, resultText, rpcCode } from '../messages/protocol.ts';
import { forModernChild } from '../messages/translate.ts';
import { CallFailed } from '../stdio/channel.ts';
import { StartFailed } from '../stdio/stdio-server.ts';
import {
  acceptsStream,
  header,
  inBand,
  isOfOneConnection,
  methodNotFound,
  replyTo,
  settle,
  type Backend,
  type Inbound,
} from './endpoint.ts';
import { refusal } from './refusal.ts';
import { sendEmpty, sendJson } from './reply.ts';
import type { Session } from './session.ts';
import type { OwnChild } from './sessions.ts';
import { judgeSubscription, uriOf } from './subscriptions.ts';
import { timedCall } from './timed-call.ts';

interface Client {
  readonly session: Session;
  readonly own: OwnChild | undefined;
}

const sessionHeader = 'mcp-session-id';

/**
 * A message of the generation that opens with `initialize` (2025-03-26 to 2025-11-25), in a session or without one: a
 * plain request is answered, too.
 * @throws Refusal
 */
export async function serveLegacy(backend: Backend, inbound: Inbound<Message>): Promise<void> {
  const { req, res, message } = inbound;
  if (message.kind === 'request' && message.method === 'initialize') {
    return openSession(backend, { req, res, message });
  }
  const client = clientOf(backend, req);
  if (message.kind === 'response') {
    if (client?.own?.questions()?.answered(message) !== true) throw refusal(400, 'Nothing was asked under this id.');
    sendEmpty(res, 202);
  } else if (message.kind === 'notification') {
    if (client !== undefined) heedNotification(client, message);
    sendEmpty(res, 202);
  } else await serveRequest(backend, { req, res, message }, client);
}

/** `GET /mcp`: the stream of what belongs to no request of a session. @throws Refusal */
export function openStream(backend: Backend, req: IncomingMessage, res: ServerResponse): void {
  const client = clientOf(backend, req);
  if (client === undefined) throw refusal(405, 'Only a session has a stream.', { allow: 'POST' });
  if (!acceptsStream(req)) throw refusal(406, 'Accept must list text/event-stream.');
  if (!client.session.openStream(res)) throw refusal(409, 'This session has a stream already.');
}

/** `DELETE /mcp`: the client leaves. @throws Refusal */
export function endSession(backend: Backend, req: IncomingMessage, res: ServerResponse): void {
  const client = clientOf(backend, req);
  if (client === undefined) throw refusal(405, 'There is no session to end.', { allow: 'POST' });
  void backend.sessions.end(client.session);
  sendEmpty(res, 204);
}

/** @returns undefined without a session id @throws Refusal 404 when it is no session's, so that the client opens one */
function clientOf({ sessions }: Backend, req: IncomingMessage): Client | undefined {
  const id = header(req, sessionHeader);
  if (id === undefined) return undefined;
  const client = sessions.get(id);
  if (client === undefined) throw refusal(404, 'There is no such session; open one with initialize.');
  return client;
}

async function openSession(backend: Backend, { res, message }: Inbound<RequestMessage>): Promise<void> {
  const { sessions, settings } = backend;
  const id = cut(message.text, message.id);
  const answer = (session: Session, result: ByteString): void => {
    res.setHeader(sessionHeader, session.id);
    sendJson(res, 200, resultText(id, result));
  };
  try {
    if (settings.sessions === 'shared') {
      const requested = stringAt(message.text, message.paramMembers.get('protocolVersion'));
      const result = initializeResult(backend.shared().hello, requested);
      return answer(sessions.open(), json(result));
    }
    const params = message.params === undefined ? ascii('{}') : cut(message.text, message.params);
    const { session, own } = await sessions.openOwn((events) => backend.startOwn(params, events));
    // A client that has gone will never learn the id.
    if (res.destroyed) await sessions.end(session);
    else answer(session, own.server.hello.resultText);
  } catch (error) {
    if (error instanceof CallFailed) throw inBand(error);
    if (error instanceof StartFailed) throw inBand(new CallFailed(rpcCode.serverFailed, 'The server did not start.'));
    throw error;
  }
}

function heedNotification({ session, own }: Client, message: NotificationMessage): void {
  if (message.method === 'notifications/cancelled') {
    const requestId = message.paramMembers.get('requestId');
    if (requestId !== undefined) session.cancel(idKey(message.text, requestId));
  } else own?.server.channel.send(message.text);
}

async function serveRequest(
  backend: Backend,
  inbound: Inbound<RequestMessage>,
  client: Client | undefined,
): Promise<void> {
  const { res, message } = inbound;
  const { method, text } = message;
  const id = cut(text, message.id);
  if (method === 'ping') return sendJson(res, 200, resultText(id, ascii('{}')));
  const isOwn = client?.own !== undefined;
  if (!isOwn && isOfOneConnection(method)) throw inBand(methodNotFound(method));

  const subscribes = !isOwn && /^resources\/(un)?subscribe$/.test(method);
  const server = client?.own?.server ?? backend.shared();
  if (subscribes) {
    if (client === undefined || server.hello.era === 'modern') throw inBand(methodNotFound(method));
    const verdict = judgeSubscription(message, client.session, backend.sessions.all());
    if (verdict === 'settled') return sendJson(res, 200, resultText(id, ascii('{}')));
    if (verdict === 'full')
      throw inBand(new CallFailed(rpcCode.unavailable, 'This session has too many subscriptions.'));
  }

  const reply = replyTo(inbound);
  const times = { ...backend.settings, waiting: () => client?.own?.questions()?.waiting === true };
  const outgoing = server.hello.era === 'modern' ? forModernChild(message) : message;
  const call = timedCall(server.channel, outgoing, times, (progress) => void reply.event(progress));
  client?.session.track({ key: idKey(text, message.id), call, reply });
  await settle(inbound, reply, call, client?.session, (answer) => {
    if (subscribes && method === 'resources/subscribe' && answer.result !== undefined) {
      client?.session.subscriptions.add(uriOf(message) ?? '');
    }
    return { text: withId(answer, id) };
  });
}
