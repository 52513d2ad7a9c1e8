import type { Principal } from '../domain/policy.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import type { ToolListMode } from '../domain/tool-list.ts';
import type { IncomingRequest, OutgoingResponse } from '../platform/http1/server-messages.ts';
import type { Era } from './era.ts';
import type { CallTarget } from './call-target.ts';
import type { RequestHead } from './request-head.ts';
import type { ClientSession } from './client-session.ts';
import type { HeldSnapshot } from './snapshots.ts';
import type { EventStream } from './streams/event-stream.ts';

/** One HTTP request to the gateway, as far as it has been understood. */
export interface Inbound {
  readonly req: IncomingRequest;
  readonly res: OutgoingResponse;
  /** Empty until it has been read, which is the first step. */
  head: RequestHead;
  /** Monotonic milliseconds when the request arrived. */
  readonly startedAt: number;
  /** Milliseconds spent waiting for upstreams, for `Server-Timing`. */
  upstreamMs: number;
  /** Who calls, once known. */
  principal: Principal | undefined;
  /** When the token it came with expires, milliseconds since the epoch. */
  expiresAt: number;
  /** The legacy session its message belongs to. */
  session: ClientSession | undefined;
  /** Source text of the id of the session's request; `null` until it is known. */
  idText: string;
  /** The session's stream that carries the answer, once something had to be said before it. */
  stream: EventStream | undefined;
  /** Run when the response is closed: one listener serves them all, since listeners cost more than what they do. */
  readonly whenClosed: (() => void)[];
  /** Its client has called it off by name (`notifications/cancelled`). */
  calledOff: boolean;
  /** What it calls, once that is known and allowed. */
  target: CallTarget | undefined;
  /** The token was revoked, or the call stopped, while the request ran. */
  revoked: boolean;
}

/** A request whose caller is known. */
export interface Caller {
  readonly inbound: Inbound;
  readonly principal: Principal;
  readonly held: HeldSnapshot;
  /** The one server the URL names; undefined for the whole workspace. */
  readonly server: SnapshotServer | undefined;
  /** How tools are to be listed, where the URL says so. */
  readonly tools: ToolListMode | undefined;
}

/** A caller's message of a known generation. */
export interface Exchanged extends Caller {
  readonly era: Era;
  /** The legacy session the message belongs to. */
  readonly session: ClientSession | undefined;
}

/** Whether the client reads event streams; absent `Accept` and wildcards mean JSON. */
export const acceptsStream = ({ accept }: RequestHead): boolean => accept?.includes('text/event-stream') ?? false;

/** Whether the client reads plain JSON answers: all do except those that list event streams alone. */
export function acceptsJson({ accept }: RequestHead): boolean {
  return accept === undefined || !accept.includes('text/event-stream') || /application\/(json|\*)|\*\/\*/.test(accept);
}

/** Run this once the answer has been taken or the client has gone; at once if that has happened already. */
export function whenClosed(inbound: Inbound, task: () => void): void {
  if (inbound.res.closed) task();
  else inbound.whenClosed.push(task);
}
