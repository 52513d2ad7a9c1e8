import { ascii, bytes } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { member, stringValue } from '../../platform/json/scan.ts';
import type { ClientSession } from '../client-session.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import { rateLimited } from '../limits.ts';
import type { Message } from '../message.ts';
import { invalidParams, methodNotFound, RpcError } from '../rpc-error.ts';
import { mostSubscriptions, Subscriptions, updatedParams } from './subscriptions.ts';

/**
 * `resources/subscribe` (legacy): the session hears of updates on its standalone stream. A resource that the caller may
 * not read is one that is not there.
 * @throws RpcError, AppError
 */
export async function subscribe(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { subscriptions, uri } = asked(deps, call, message);
  takeFor(deps, call, 1);
  const answer = await subscriptions.add(uri);
  if (answer === 'unknown') throw new RpcError(200, rpcCode.resourceNotFound, 'Resource not found', { uri });
  if (answer === 'full') throw invalidParams(`A session may subscribe to ${mostSubscriptions} resources.`);
  deps.replies.result(call.inbound, message.idText, ascii('{}'));
}

/**
 * A subscription may reach a server, so it costs its token what a call costs.
 * @throws AppError `rate_limited`
 */
export function takeFor({ limits }: GatewayDeps, { principal, held }: Exchanged, resources: number): void {
  const { principalPerMinute } = held.snapshot.settings.limits;
  for (let i = 0; i < resources; i++) {
    const wait = limits.take(principal.tokenId, principalPerMinute);
    if (wait > 0) throw rateLimited('calls per minute of this token', wait);
  }
}

/** `resources/unsubscribe` (legacy). */
export function unsubscribe(deps: GatewayDeps, call: Exchanged, message: Message): void {
  const { subscriptions, uri } = asked(deps, call, message);
  subscriptions.remove(uri);
  deps.replies.result(call.inbound, message.idText, ascii('{}'));
}

function asked(deps: GatewayDeps, call: Exchanged, message: Message): { subscriptions: Subscriptions; uri: string } {
  const { session } = call;
  if (session === undefined || deps.watching === undefined) throw methodNotFound(message.method, false);
  const uri = stringValue(message.bytes, member(message.params, 'uri'));
  if (uri === undefined) throw invalidParams('"params.uri" must be a string.');
  return { subscriptions: (session.subscriptions ??= subscriptionsOf(deps, call, session)), uri };
}

function subscriptionsOf(deps: GatewayDeps, { principal, server }: Exchanged, session: ClientSession): Subscriptions {
  const seat = { workspaceId: principal.workspaceId, tokenId: principal.tokenId, serverId: server?.id };
  const subscriptions = new Subscriptions({
    watching: deps.watching!,
    viewer: () => deps.viewer(seat),
    deliver: (uri) =>
      void session.streams.standalone?.send(
        bytes`{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{${updatedParams(uri)}}}`,
      ),
  });
  session.onEnd(() => subscriptions.close());
  return subscriptions;
}
