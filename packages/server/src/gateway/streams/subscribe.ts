import { ascii, bytes } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { member, stringValue } from '../../platform/json/scan.ts';
import type { ClientSession } from '../client-session.ts';
import { perToken, takeRate } from '../budget.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import { invalidParams, methodNotFound, RpcError } from '../rpc-error.ts';
import { governedWatch, subscriptionRecord } from './governed-watch.ts';
import { mostSubscriptions, Subscriptions, updatedParams, type ResourceWatching } from './subscriptions.ts';

/**
 * `resources/subscribe` (legacy): the session hears of updates on its standalone stream. A resource that the caller may
 * not read is one that is not there.
 * @throws RpcError, AppError
 */
export async function subscribe(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { subscriptions, watching } = place(deps, call, message);
  const uri = uriOf(message);
  takeFor(deps, call, message, [uri ?? '']);
  const refuse = (code: string, says: string): RpcError => {
    subscriptionRecord(deps, call, message, uri ?? '').deny(400, code, 'protocol');
    return invalidParams(says);
  };
  if (uri === undefined) throw refuse('invalid_params', noUri);
  const answer = await subscriptions.add(uri, governedWatch({ ...deps, watching }, call, message));
  if (answer === 'unknown') throw new RpcError(200, rpcCode.resourceNotFound, 'Resource not found', { uri });
  if (answer === 'full')
    throw refuse('too_many_subscriptions', `A session may subscribe to ${mostSubscriptions} resources.`);
  deps.replies.result(call.inbound, message.idText, ascii('{}'));
}

/**
 * A subscription may reach a server, so it costs its token what a call costs.
 * @throws AppError `rate_limited`, with the row of the first that is too many written
 */
export function takeFor(deps: GatewayDeps, call: Exchanged, message: Message, uris: readonly string[]): void {
  const { principal, held } = call;
  const { principalPerMinute } = held.snapshot.settings.limits;
  for (const uri of uris) {
    const record = subscriptionRecord(deps, call, message, uri);
    takeRate(deps, record, perToken, principal.tokenId, principalPerMinute);
  }
}

/** `resources/unsubscribe` (legacy). */
export function unsubscribe(deps: GatewayDeps, call: Exchanged, message: Message): void {
  const { subscriptions } = place(deps, call, message);
  const uri = uriOf(message);
  if (uri === undefined) throw invalidParams(noUri);
  subscriptions.remove(uri);
  deps.replies.result(call.inbound, message.idText, ascii('{}'));
}

const noUri = '"params.uri" must be a string.';

const uriOf = ({ bytes: said, params }: Message): string | undefined => stringValue(said, member(params, 'uri'));

/** Where the session's subscriptions are kept. */
function place(
  deps: GatewayDeps,
  call: Exchanged,
  message: Message,
): { subscriptions: Subscriptions; watching: ResourceWatching } {
  const { session } = call;
  const { watching } = deps;
  if (session === undefined || watching === undefined) throw methodNotFound(message.method, false);
  return { subscriptions: (session.subscriptions ??= subscriptionsOf(deps, call, session, watching)), watching };
}

function subscriptionsOf(
  deps: GatewayDeps,
  { principal, server }: Exchanged,
  session: ClientSession,
  watching: ResourceWatching,
): Subscriptions {
  const seat = { workspaceId: principal.workspaceId, tokenId: principal.tokenId, serverId: server?.id };
  const subscriptions = new Subscriptions({
    watching,
    viewer: () => deps.viewer(seat),
    deliver: (uri) =>
      void session.streams.standalone?.send(
        bytes`{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{${updatedParams(uri)}}}`,
      ),
  });
  session.onEnd(() => subscriptions.close());
  return subscriptions;
}
