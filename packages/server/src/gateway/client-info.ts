import { metaKey } from '../domain/protocol.ts';
import { member, stringValue } from '../platform/json/scan.ts';
import { clip } from '../platform/text.ts';
import type { ClientInfo } from './connections.ts';
import type { Exchanged } from './inbound.ts';
import type { Message } from './message.ts';

type Node = ReturnType<typeof member>;

/** What an `Implementation` object says: name and version, each clipped; null where it says nothing. */
export function readClientInfo(bytes: Message['bytes'], info: Node): ClientInfo {
  const name = stringValue(bytes, member(info, 'name'));
  const version = stringValue(bytes, member(info, 'version'));
  return {
    name: name === undefined ? null : clip(name, 128),
    version: version === undefined ? null : clip(version, 64),
  };
}

/** Who a request says it comes from: its session said so at the start, a modern one says it itself. */
export function clientInfoOf({ session }: Exchanged, message: Message): ClientInfo {
  if (session !== undefined) return { name: session.clientName, version: session.clientVersion };
  return readClientInfo(message.bytes, member(message.meta, metaKey.clientInfo));
}
