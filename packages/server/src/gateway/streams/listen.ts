import { ascii, byteString, bytes, type ByteString } from '../../platform/byte-string.ts';
import { member, sourceText, stringValue, type JsonNode } from '../../platform/json/scan.ts';
import type { GatewayDeps } from '../deps.ts';
import { acceptsStream, whenClosed, type Exchanged } from '../inbound.ts';
import { announcedKinds, type AnnouncedKind } from '../list-kinds.ts';
import type { Message } from '../message.ts';
import { invalidParams, rpcStatus } from '../rpc-error.ts';
import { listChangedMethod } from './list-changes.ts';
import { ListenStream } from './listen-stream.ts';
import { governedWatch } from './governed-watch.ts';
import { takeFor } from './subscribe.ts';
import { refuseStopped } from './stopped.ts';
import { mostSubscriptions, Subscriptions, updatedParams } from './subscriptions.ts';

/**
 * `subscriptions/listen` (2026-07-28): a stream that stays open and tells what was asked for and can be granted: list
 * changes, and updates of resources the caller may read. What was granted is said first. Tasks are not granted.
 * @throws RpcError, AppError
 */
export async function listen(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { inbound, principal } = call;
  const { res } = inbound;
  const wanted = readFilter(message);
  if (!acceptsStream(inbound.head)) throw rpcStatus(406, 'Send Accept: application/json, text/event-stream.');
  refuseStopped(deps, call);
  deps.keeper.requireRoom('listen', principal.tokenId);
  takeFor(deps, call, message, wanted.uris ?? []);
  const kinds = wanted.kinds.filter((kind) => deps.listChanges.kinds.includes(kind));
  const seat = { workspaceId: principal.workspaceId, tokenId: principal.tokenId, serverId: call.server?.id };
  // The stream stands from here on, so that it counts while resources are looked up.
  let stream: ListenStream | undefined;
  deps.keeper.stand({ ...seat, kind: 'listen', res, expiresAt: inbound.expiresAt, end: () => endListen(res, stream) });

  const uris = await grant(deps, call, message, wanted.uris ?? [], (uri) =>
    stream?.notify(ascii('notifications/resources/updated'), updatedParams(uri)),
  );
  if (res.destroyed || res.writableEnded) return;

  deps.replies.openStream(inbound);
  stream = new ListenStream(res, message.idText);
  const granted = [
    ...kinds.map((kind) => `"${kind}ListChanged":true`),
    ...(uris.length > 0 ? [`"resourceSubscriptions":${JSON.stringify(uris)}`] : []),
  ];
  const acknowledged: ByteString = bytes`"notifications":{${byteString(granted.join(','))}}`;
  stream.notify(ascii('notifications/subscriptions/acknowledged'), acknowledged);
  const told = stream;
  const leave = deps.listChanges.add({
    ...seat,
    tools: call.tools,
    kinds,
    present: () => !res.destroyed,
    changed: (kind) => told.notify(listChangedMethod(kind)),
  });
  whenClosed(inbound, leave);
}

/** Before anything was said, there is nothing to end in good order. */
function endListen(res: Exchanged['inbound']['res'], stream: ListenStream | undefined): void {
  if (stream === undefined) res.destroy();
  else stream.end();
}

/** The URIs that are there for this caller and that their servers watch; whatever stands against one is its own affair. */
async function grant(
  deps: GatewayDeps,
  call: Exchanged,
  message: Message,
  uris: readonly string[],
  deliver: (uri: string) => void,
): Promise<string[]> {
  const { watching, viewer, log } = deps;
  if (watching === undefined || uris.length === 0) return [];
  const { workspaceId, tokenId } = call.principal;
  const seat = { workspaceId, tokenId, serverId: call.server?.id };
  const subscriptions = new Subscriptions({ watching, viewer: () => viewer(seat), deliver });
  whenClosed(call.inbound, () => subscriptions.close());
  const watch = governedWatch({ ...deps, watching }, call, message);
  const answers = await Promise.all(
    uris.map((uri) =>
      subscriptions.add(uri, watch).catch((error: unknown) => {
        log.warn({ err: error }, 'a resource cannot be watched');
        return 'refused' as const;
      }),
    ),
  );
  return uris.filter((_, i) => answers[i] === 'granted');
}

interface Filter {
  readonly kinds: readonly AnnouncedKind[];
  readonly uris: readonly string[] | undefined;
}

/** @throws RpcError -32602 */
function readFilter({ bytes: said, params }: Message): Filter {
  const filter = member(params, 'notifications');
  if (filter?.kind !== 'object') throw invalidParams('"params.notifications" must be an object.');
  const kinds = announcedKinds.filter((kind) => {
    const node = member(filter, `${kind}ListChanged`);
    return node !== undefined && flag(said, node, `${kind}ListChanged`);
  });
  return { kinds, uris: readUris(said, member(filter, 'resourceSubscriptions')) };
}

function flag(said: Buffer, node: JsonNode, name: string): boolean {
  const text = sourceText(said, node);
  if (text !== 'true' && text !== 'false') throw invalidParams(`"params.notifications.${name}" must be a boolean.`);
  return text === 'true';
}

function readUris(said: Buffer, node: JsonNode | undefined): string[] | undefined {
  if (node === undefined) return undefined;
  const uris = node.kind === 'array' ? node.children.map((child) => stringValue(said, child)) : [undefined];
  if (!uris.every((uri) => uri !== undefined))
    throw invalidParams('"params.notifications.resourceSubscriptions" must be an array of strings.');
  const distinct = [...new Set(uris)];
  if (distinct.length > mostSubscriptions)
    throw invalidParams(`"params.notifications.resourceSubscriptions" may name ${mostSubscriptions} resources.`);
  return distinct;
}
