import { bytes } from '../../platform/byte-string.ts';
import { claimsModern, isLegacyVersion } from '../../domain/protocol.ts';
import type { ClientSession } from '../client-session.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Caller } from '../inbound.ts';
import { endpoint } from '../methods.ts';
import { rpcStatus, unsupportedVersion } from '../rpc-error.ts';
import type { EventStream } from './event-stream.ts';
import { refuseStopped } from './stopped.ts';
import { listChangedMethod } from './list-changes.ts';

/**
 * GET (2025-03-26 … 2025-11-25): within a session, the stream for what belongs to no request; with `Last-Event-ID`, any
 * of its streams from that event on. Elsewhere there is nothing to get.
 * @throws RpcError, AppError
 */
export function answerGet(deps: GatewayDeps, caller: Caller): void {
  const { inbound, principal } = caller;
  const { sessionId, protocolVersion, accept, lastEventId } = inbound.head;
  if (sessionId === undefined || (protocolVersion !== undefined && claimsModern(protocolVersion)))
    return deps.replies.error(inbound, 'null', rpcStatus(405, 'Use POST.'), ['allow', 'POST, DELETE']);
  if (protocolVersion !== undefined && !isLegacyVersion(protocolVersion)) throw unsupportedVersion(protocolVersion);
  refuseStopped(deps, caller);
  const session = deps.sessions.find(sessionId, principal, endpoint(caller));
  if (accept !== undefined && !/text\/(event-stream|\*)|\*\/\*/.test(accept))
    throw rpcStatus(406, 'Send Accept: text/event-stream.');
  if (lastEventId !== undefined) return resume(deps, caller, session, lastEventId);
  if (session.streams.standalone?.client === undefined) deps.keeper.requireRoom('standalone', principal.tokenId);
  const first = session.streams.standalone === undefined;
  deps.replies.streamHead(inbound);
  inbound.res.flushHeaders();
  stand(deps, caller, session.streams.openStandalone(inbound.res));
  if (first) hearLists(deps, caller, session);
  else deps.listChanges.touch(principal.workspaceId);
}

function resume(deps: GatewayDeps, caller: Caller, session: ClientSession, lastEventId: string): void {
  const { stream, seq } = session.streams.find(lastEventId);
  const standalone = stream === session.streams.standalone;
  if (standalone && stream.client === undefined) deps.keeper.requireRoom('standalone', session.tokenId);
  deps.replies.streamHead(caller.inbound);
  caller.inbound.res.flushHeaders();
  stream.resume(caller.inbound.res, seq);
  // The stream of a call ends with its answer, and a server that stops waits for it as for the call.
  if (!standalone) return;
  stand(deps, caller, stream);
  deps.listChanges.touch(caller.principal.workspaceId);
}

function stand(deps: GatewayDeps, { inbound, principal, server }: Caller, stream: EventStream): void {
  const { res, expiresAt } = inbound;
  const { workspaceId, tokenId } = principal;
  deps.keeper.stand({
    kind: 'standalone',
    res,
    workspaceId,
    tokenId,
    serverId: server?.id,
    expiresAt,
    end: () => stream.leave(res),
  });
}

/** From its first standalone stream on a session hears of list changes. */
function hearLists(deps: GatewayDeps, { principal, server, tools }: Caller, session: ClientSession): void {
  const { workspaceId, tokenId } = principal;
  const leave = deps.listChanges.add({
    workspaceId,
    tokenId,
    serverId: server?.id,
    tools,
    kinds: deps.listChanges.kinds,
    present: () => session.streams.standalone?.client !== undefined,
    changed: (kind) =>
      void session.streams.standalone?.send(bytes`{"jsonrpc":"2.0","method":"${listChangedMethod(kind)}"}`),
  });
  session.onEnd(leave);
}
