import { isStopped, maySee, type Principal } from '../../domain/policy.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { ToolListMode } from '../../domain/tool-list.ts';
import type { HeldSnapshot, Snapshots } from '../snapshots.ts';

/** Where somebody listens: a token at a URL. What may be heard there is decided anew each time. */
export interface Seat {
  readonly workspaceId: string;
  readonly tokenId: string;
  /** The one server the URL names; undefined for the whole workspace. */
  readonly serverId: string | undefined;
  /** How tools are listed there, where the URL says so. */
  readonly tools?: ToolListMode | undefined;
}

/** Who sits there now, with the newest snapshot. */
export interface Viewer {
  readonly principal: Principal;
  readonly held: HeldSnapshot;
  readonly server: SnapshotServer | undefined;
  readonly tools: ToolListMode | undefined;
}

/**
 * @param now milliseconds since the epoch
 * @returns undefined when the token, or what the URL names, is stopped or not there for it any longer
 */
export function viewerAt(snapshots: Snapshots, seat: Seat, now: number): Viewer | undefined {
  const admission = snapshots.standing(seat.tokenId);
  if (admission === undefined || admission.principal.workspaceId !== seat.workspaceId) return undefined;
  const { principal, held } = admission;
  const { tools } = seat;
  if (isStopped(held.snapshot, principal, undefined, now)) return undefined;
  if (seat.serverId === undefined) return { principal, held, server: undefined, tools };
  const server = held.serversById.get(seat.serverId);
  if (server === undefined || isStopped(held.snapshot, principal, server.slug, now)) return undefined;
  return maySee(held.snapshot, principal, server.slug) ? { principal, held, server, tools } : undefined;
}
