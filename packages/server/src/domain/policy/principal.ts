import type { SnapshotToken } from '../snapshot.ts';

/** Who calls. Made from a verified credential and from nothing else. */
export interface Principal {
  readonly workspaceId: string;
  readonly tokenId: string;
  readonly kind: SnapshotToken['kind'];
  /** Set for a member token and for no other. */
  readonly memberId: string | null;
  /** Set for a machine token and for no other. */
  readonly machineId: string | null;
  /** Ids of the teams its member is in; empty for the other kinds. */
  readonly teams: readonly string[];
  readonly label: string;
  /** What the token is narrowed to; null = the whole workspace. */
  readonly scope: Scope | null;
}

export interface Scope {
  /** Entries as written: `slug` or `slug:tool`. */
  readonly entries: ReadonlySet<string>;
  /** Slugs named by any entry. */
  readonly servers: ReadonlySet<string>;
}

/** Read a token's scope entries once, when a snapshot is taken into memory. */
export function compileScope(entries: readonly string[] | null): Scope | null {
  if (entries === null) return null;
  return {
    entries: new Set(entries),
    servers: new Set(entries.map((entry) => entry.split(':', 1)[0]!)),
  };
}

/** Whom a token of a snapshot stands for. */
export const principalOfToken = (workspaceId: string, token: Omit<SnapshotToken, 'hash'>): Principal =>
  Object.freeze({
    workspaceId,
    tokenId: token.id,
    kind: token.kind,
    memberId: token.memberId,
    machineId: token.machineId,
    teams: token.teams,
    label: token.label,
    scope: compileScope(token.scope),
  });
