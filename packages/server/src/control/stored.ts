import { readHosting } from '../domain/hosted/hosting.ts';
import {
  defaultReplayGuard,
  defaultServerLimits,
  defaultWorkspaceSettings,
  defaultWritePerMinute,
} from '../domain/snapshot.ts';
import type {
  ReplayGuardSettings,
  ServerLimits,
  SnapshotServer,
  Subject,
  WorkspaceSettings,
} from '../domain/snapshot.ts';

/** The credential headers of a server, sealed; null = none. */
export type SealedCredential = SnapshotServer['credential'];

/** What a revision of a server holds, as stored in `server_revisions.config`. */
export interface ServerConfig {
  readonly name: string;
  readonly url: string;
  readonly prefix: string | null;
  readonly enabled: boolean;
  readonly limits: ServerLimits;
  readonly replayGuard: ReplayGuardSettings;
  readonly credential: SealedCredential;
}

/** Read `gateway_workspaces.settings`; what an older version did not store has its default. */
export function readSettings(text: string): WorkspaceSettings {
  const stored = JSON.parse(text) as Partial<WorkspaceSettings>;
  const access = { ...defaultWorkspaceSettings.access, ...stored.access };
  const writePerMinute = defaultWritePerMinute[access.preset];
  return {
    ...defaultWorkspaceSettings,
    ...stored,
    limits: { ...defaultWorkspaceSettings.limits, writePerMinute, ...stored.limits },
    access,
    toolList: { ...defaultWorkspaceSettings.toolList, ...stored.toolList },
    hosting: readHosting(text),
    publishing: { ...defaultWorkspaceSettings.publishing, ...stored.publishing },
  };
}

/** Read `gateway_workspace_servers.visibility`; null = the whole workspace. */
export const readVisibility = (text: string | null): Subject[] | null =>
  text === null ? null : (JSON.parse(text) as Subject[]);

/** Read `gateway_workspace_servers.replay_guard`. */
export const readReplayGuard = (text: string): ReplayGuardSettings => ({
  ...defaultReplayGuard,
  ...(JSON.parse(text) as Partial<ReplayGuardSettings>),
});

/** Read `gateway_workspace_servers.labels`. */
export const readLabels = (text: string): string[] => JSON.parse(text) as string[];

/** Read `approval_settings.approvers`. */
export const readSubjects = (text: string): Subject[] => JSON.parse(text) as Subject[];

/** Read `gateway_workspace_servers.limits`. */
export const readLimits = (text: string): ServerLimits => withDefaultLimits(JSON.parse(text) as Partial<ServerLimits>);

/** Limits with defaults for what is not set; a longer `deadlineMs` makes the default for progress longer, too. */
export function withDefaultLimits(set: Patch<ServerLimits> | undefined): ServerLimits {
  const limits = withPatch(defaultServerLimits, set);
  const { deadlineMs, progressDeadlineMs } = limits;
  return set?.progressDeadlineMs === undefined
    ? { ...limits, progressDeadlineMs: Math.max(deadlineMs, progressDeadlineMs) }
    : limits;
}

/** Read `gateway_workspace_servers.config_override`: `{}` or `{ id, headers }`. */
export function readCredential(text: string): SealedCredential {
  const stored = JSON.parse(text) as Partial<NonNullable<SealedCredential>>;
  return stored.id === undefined || stored.headers === undefined ? null : { id: stored.id, headers: stored.headers };
}

/** The opposite of `readCredential`. */
export const writeCredential = (credential: SealedCredential): string => JSON.stringify(credential ?? {});

/** Read `server_revisions.config`. */
export function readConfig(text: string): ServerConfig {
  type Later = 'limits' | 'replayGuard';
  const stored = JSON.parse(text) as Omit<ServerConfig, Later> &
    Partial<Pick<ServerConfig, 'replayGuard'>> & { limits: Partial<ServerLimits> };
  const { limits, replayGuard = defaultReplayGuard } = stored;
  return { ...stored, limits: withDefaultLimits(limits), replayGuard };
}

type Patch<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The object with the fields of the patch that are present; null is a value, undefined is absence. */
export function withPatch<T extends object>(before: T, patch: Patch<T> | undefined): T {
  const present = Object.entries(patch ?? {}).filter(([, value]) => value !== undefined);
  return { ...before, ...(Object.fromEntries(present) as Partial<T>) };
}
