import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServeSettings } from '../config/settings.ts';
import { cut, type ByteString } from '../messages/byte-string.ts';
import type { RequestMessage, ResponseMessage } from '../messages/message.ts';
import { errorText, rpcCode } from '../messages/protocol.ts';
import { CallFailed, type Call } from '../stdio/channel.ts';
import type { StdioServer, StdioServerOptions } from '../stdio/stdio-server.ts';
import { Refusal } from './refusal.ts';
import { Reply } from './reply.ts';
import { cancelled, type Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** What the endpoints work with. */
export interface Backend {
  readonly settings: ServeSettings;
  readonly sessions: Sessions;
  /** The child all share. @throws CallFailed 503 while there is none */
  readonly shared: () => StdioServer;
  /** Start a child for one client. @param params of its `initialize` @throws StartFailed */
  readonly startOwn: (params: ByteString, events: StdioServerOptions['events']) => Promise<StdioServer>;
}

/** One POST to `/mcp` and the message in it. */
export interface Inbound<M> {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly message: M;
}

/** Whether an event stream may be sent: only to those who say so. */
export const acceptsStream = ({ headers }: IncomingMessage): boolean =>
  (headers.accept ?? '').toLowerCase().includes('text/event-stream');

const acceptsJson = ({ headers }: IncomingMessage): boolean =>
  /application\/(json|\*)|\*\/\*/i.test(headers.accept ?? '*/*');

export const replyTo = ({ req, res }: Inbound<unknown>): Reply =>
  new Reply(res, !acceptsStream(req) ? 'never' : acceptsJson(req) ? 'when needed' : 'always');

/** Somebody without a session has gone: nobody will ever read the answer. */
export const clientGone = new CallFailed(0, 'The client went away.');

/** Methods that no child many share can serve: they speak of one connection, or need a stream there is none for. */
export const isOfOneConnection = (method: string): boolean =>
  /^(initialize|server\/discover|subscriptions\/listen|logging\/setLevel|tasks\/.*|notifications\/.*)$/.test(method);

export const methodNotFound = (method: string): CallFailed =>
  new CallFailed(rpcCode.methodNotFound, `Method not found: ${method.slice(0, 64)}`);

/**
 * Wait for a call and answer it in band. Without a session, a client that leaves cancels.
 * @param finish makes the response and its status from the child's
 */
export async function settle(
  { res, message }: Inbound<RequestMessage>,
  reply: Reply,
  call: Call,
  session: Session | undefined,
  finish: (answer: ResponseMessage) => { text: ByteString; status?: number },
): Promise<void> {
  if (session === undefined) res.once('close', () => call.cancel(clientGone));
  try {
    const { text, status } = finish(await call.answer);
    reply.end(text, status);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error === cancelled || error === clientGone) reply.endWithout();
    else reply.end(errorText(error.fault, cut(message.text, message.id)));
  }
}

/** A call that failed before it began, as a refusal in band: the HTTP status speaks of the bridge, not of the call. */
export const inBand = (failed: CallFailed, status = 200): Refusal => new Refusal(status, failed.fault);

export const header = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name];
  return typeof value === 'string' ? value : undefined;
};
