import { isStopped, type Principal } from '../domain/policy.ts';
import { isToolStopped } from '../domain/policy/stops.ts';
import type { TargetNames } from './call-target.ts';
import type { Admission, HeldSnapshot } from './snapshots.ts';

/** What of a workspace may go on that was begun under an earlier snapshot. */
export interface GoingOn {
  /** Ids of the tokens that are neither gone nor stopped. */
  readonly tokens: ReadonlySet<string>;
  /** Whether calls of this may, as far as stops of servers and tools are concerned. */
  readonly may: (target: TargetNames) => boolean;
}

const everything = (): boolean => true;

/** @param at milliseconds since the epoch */
export function goingOn(
  held: HeldSnapshot | undefined,
  standing: (tokenId: string) => Admission | undefined,
  at: number,
): GoingOn {
  const ids = held?.snapshot.tokens.map(({ id }) => id) ?? [];
  if (held === undefined || (held.snapshot.stops ?? []).length === 0) return { tokens: new Set(ids), may: everything };
  const { snapshot } = held;
  const isFree = (principal: Principal | undefined): boolean =>
    principal === undefined || !isStopped(snapshot, principal, undefined, at);
  return {
    tokens: new Set(ids.filter((id) => isFree(standing(id)?.principal))),
    may: ({ server, definition }) => !isToolStopped(snapshot, server.slug, definition.name, at),
  };
}
