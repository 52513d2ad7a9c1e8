import { bytes } from '../messages/byte-string.ts';
import { readMessage, stringAt, type NotificationMessage, type RequestMessage } from '../messages/message.ts';
import { json } from '../messages/protocol.ts';
import type { Channel } from '../stdio/channel.ts';
import type { Session } from './session.ts';

const mostPerSession = 1000;

/**
 * Who of many clients hears what one child tells: lists that changed concern all, a resource those who subscribed to
 * it. Anything else could be another client's business and reaches nobody.
 */
export function tellSessions(message: NotificationMessage, sessions: Iterable<Session>): void {
  const everybody = /^notifications\/(tools|prompts|resources)\/list_changed$/.test(message.method);
  const uri = message.method === 'notifications/resources/updated' ? uriOf(message) : undefined;
  if (!everybody && uri === undefined) return;
  for (const session of sessions) {
    if (everybody || session.subscriptions.has(uri!)) session.toStream(message.text);
  }
}

/**
 * What a request to subscribe or unsubscribe means for a child that others use, too.
 * @returns `ask`: the child must be asked; `settled`: it has nothing to do; `full`: the client has too many
 */
export function judgeSubscription(
  message: RequestMessage,
  session: Session,
  all: Iterable<Session>,
): 'ask' | 'settled' | 'full' {
  const uri = uriOf(message);
  if (uri === undefined) return 'ask';
  if (message.method === 'resources/subscribe') return session.subscriptions.size >= mostPerSession ? 'full' : 'ask';
  session.subscriptions.delete(uri);
  for (const other of all) if (other.subscriptions.has(uri)) return 'settled';
  return 'ask';
}

/** A session is over: the child need not tell any longer what only that one wanted to hear. */
export function unsubscribe(session: Session, others: Iterable<Session>, channel: Channel): void {
  const wanted = new Set([...others].flatMap((other) => [...other.subscriptions]));
  for (const uri of session.subscriptions) {
    if (wanted.has(uri)) continue;
    const text = bytes`{"jsonrpc":"2.0","id":0,"method":"resources/unsubscribe","params":{"uri":${json(uri)}}}`;
    channel.request(readMessage(text) as RequestMessage).answer.catch(() => undefined);
  }
}

export const uriOf = (message: RequestMessage | NotificationMessage): string | undefined =>
  stringAt(message.text, message.paramMembers.get('uri'));
