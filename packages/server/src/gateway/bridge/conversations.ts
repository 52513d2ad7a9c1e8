import { metaKey } from '../../domain/protocol.ts';
import { member } from '../../platform/json/scan.ts';
import { noCapabilities, readCapabilities, type ClientCapabilities } from '../client-capabilities.ts';
import { acceptsStream, type Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import type { Conversation } from '../upstreams/conversation.ts';
import { declaredUpstream } from './capabilities.ts';

/** What the client of this request declared: in its session's `initialize`, or with the request itself. */
export function capabilitiesOf(call: Exchanged, message: Message): ClientCapabilities {
  if (call.session !== undefined) return call.session.capabilities;
  if (call.era.kind !== 'modern') return noCapabilities;
  return readCapabilities(message.bytes, member(message.meta, metaKey.clientCapabilities));
}

/**
 * Whose conversation a request belongs to: its session's, or its token's. So nothing an upstream keeps in a session
 * reaches another caller. Requests of one token that declare different things get sessions of their own, a few of them.
 */
export function conversationOf(call: Exchanged, capabilities: ClientCapabilities): Conversation {
  const declared = declaredUpstream(capabilities);
  const { session } = call;
  const { tokenId: owner } = call.principal;
  if (session !== undefined) return { key: session.id, owner, capabilities: declared, logLevel: session.logLevel };
  return { key: owner, owner, capabilities: declared };
}

/** Whether the client of this request can be asked anything on its stream. */
export const canBeAsked = (call: Exchanged): boolean => call.session !== undefined && acceptsStream(call.inbound.head);
