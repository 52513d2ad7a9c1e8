import type { LogLevel } from '../../domain/protocol.ts';
import type { AnnouncedKind } from '../list-kinds.ts';
import type { ByteString } from '../../platform/byte-string.ts';
import type { UpstreamMessage } from './reply.ts';

/**
 * Whose words an upstream hears. Legacy upstream sessions, and the capabilities declared to a modern upstream, belong
 * to one conversation and are never shared with another.
 */
export interface Conversation {
  /** Unique per client session, or per principal where there is none. The gateway's own errands use one of their own. */
  readonly key: string;
  /** The token whose it is; undefined: the gateway's own. Who has the most sessions gives one up first. */
  readonly owner?: string | undefined;
  /** Client capabilities to declare upstream: JSON text of an object, `{}` or `{"elicitation":{"form":{}}}`. */
  readonly capabilities: string;
  /** Least severe log message its client has asked for; undefined: it has not said. */
  readonly logLevel?: LogLevel | undefined;
}

/** Capabilities of a client that can be asked nothing. */
export const nothing = '{}';

/**
 * The gateway's own: lists, handshakes, news. Some servers list tools that ask only where their client can be asked, so
 * everything that can be relayed is declared; who calls such a tool does so in a conversation of their own. Nothing is
 * answered in this one.
 */
export const errand: Conversation = {
  key: '',
  capabilities: '{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}',
};

/** A request of the upstream in the middle of one of ours (`elicitation/create`, `sampling/createMessage`, `roots/list`). */
export interface UpstreamAsk {
  /** Scanned bytes: method and params as they came. */
  readonly message: UpstreamMessage;
  /**
   * Answer it, once; later calls do nothing. Works after a long wait.
   * @param body `"result":{…}` or `"error":{…}`, the text of one JSON member
   */
  respond(body: ByteString): void;
  /** Called when the upstream withdraws it (`notifications/cancelled`) or the exchange ends first. */
  onWithdrawn: (() => void) | undefined;
}

/** Hears what an upstream says by itself. */
export interface UpstreamListener {
  listChanged(kind: AnnouncedKind): void;
  resourceUpdated(uri: string): void;
}
