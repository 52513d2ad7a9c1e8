import type { ToolClass } from '@mcpnest/contract/rule-form';
import { defaultHosting, type HostingSettings } from './hosted/hosting.ts';
import { defaultToolList, type ToolListSettings } from './tool-list.ts';

/**
 * The contract between the planes: everything the gateway may rely on for one workspace, compiled by control in
 * the transaction that changed it, immutable and versioned. The gateway answers from this and from nothing else,
 * so revoking anything means publishing a snapshot without it.
 */
export interface Snapshot {
  readonly format: 1;
  /** Grows by one with every change of the workspace; recorded with each decision. */
  readonly version: number;
  readonly workspace: { readonly id: string; readonly slug: string; readonly name: string };
  readonly settings: SnapshotSettings;
  /** In list order (position). Disabled servers are left out; removed ones too. */
  readonly servers: readonly SnapshotServer[];
  /** Ids of disabled servers: nothing of theirs is served, but the tool names they were handed stay theirs. */
  readonly disabledServerIds: readonly string[];
  /**
   * Only tokens that are neither revoked nor belong to a removed member or to a machine that is disabled or has no
   * owner. Expiry is checked at use.
   */
  readonly tokens: readonly SnapshotToken[];
  /** Private addresses an owner has opened, exactly as dialled. */
  readonly networkAllow: readonly { readonly host: string; readonly port: number }[];
  /** Expired ones included: they give nothing, but who has one is somebody with rules. Absent from older snapshots. */
  readonly rules?: readonly SnapshotRule[];
  /** Salts of the keys of argument digests, by quarter, oldest first; no part of what decides. Absent from older snapshots. */
  readonly argsSalts?: readonly { readonly quarter: string; readonly salt: string }[];
  /** What is stopped, expired stops included. Absent from older snapshots. */
  readonly stops?: readonly SnapshotStop[];
}

/** Somebody or something that is stopped, whatever the rules say. */
export interface SnapshotStop {
  readonly id: string;
  readonly kind: 'member' | 'machine' | 'token' | 'server' | 'tool';
  /** Id of the member, machine, token or server; for a tool its server's. */
  readonly targetId: string;
  /** The server's own name of the tool; empty for all other kinds. */
  readonly tool: string;
  /** ISO 8601 UTC; null = until it is lifted. */
  readonly expiresAt: string | null;
  /** Who answers for it, as audit events name actors. Absent from older snapshots. */
  readonly createdBy?: string;
  /** Of a member: ids of the machines they own, which are stopped with them. */
  readonly machines?: readonly string[];
}

/** Whom a rule or a server's visibility names; ids, so that a name taken over by somebody else brings nothing along. */
export type Subject =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'member' | 'team' | 'machine'; readonly id: string };

export interface SnapshotRule {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  readonly subject: Subject;
  /** As written; `policy/rule-object.ts` says what it means. */
  readonly object: string;
  /** A deny rule for everybody that binds workspace tokens, too. */
  readonly absolute: boolean;
  /** ISO 8601 UTC; null = does not expire. */
  readonly expiresAt: string | null;
  /** Who answers for it, as audit events name actors. Absent from older snapshots. */
  readonly createdBy?: string;
}

/** What the gateway needs of the settings. Snapshots that were compiled before `access`, `toolList` and `writePerMinute` existed have none. */
export type SnapshotSettings = Omit<WorkspaceSettings, 'access' | 'publishing' | 'toolList' | 'limits' | 'hosting'> &
  Partial<Pick<WorkspaceSettings, 'access' | 'toolList'>> & {
    readonly limits: Omit<WorkspaceSettings['limits'], 'writePerMinute'> &
      Partial<Pick<WorkspaceSettings['limits'], 'writePerMinute'>>;
  };

/** What holds where no rule speaks. */
export interface AccessSettings {
  /** `open`: whoever has no allow rule may call everything. `strict`: no rule, no access. */
  readonly preset: 'open' | 'strict';
  /** False: what only the allow rules would refuse is let through, and recorded as such. Always true when strict. */
  readonly enforcement: boolean;
}

export interface WorkspaceSettings {
  readonly access: AccessSettings;
  /** Slugs of the teams whose manifests take effect without an administrator. */
  readonly publishing: { readonly teams: readonly string[] };
  readonly toolList: ToolListSettings;
  readonly hosting: HostingSettings;
  /**
   * `available`: the journal is written before dispatch and flushed in groups; if the journal fails, calls go on
   * and a gap record counts them. `strict`: flushed to disk before the first byte leaves; no receipt, no call.
   */
  readonly auditMode: 'available' | 'strict';
  /** Days a row stays in `mcp_tool_calls`. */
  readonly retentionDays: number;
  readonly limits: {
    /** Calls per minute for one principal; null = no ceiling. */
    readonly principalPerMinute: number | null;
    /** Calls per minute for the whole workspace; null = no ceiling. */
    readonly workspacePerMinute: number | null;
    /** Calls of one principal in flight at once. */
    readonly principalConcurrency: number;
    /** Calls per minute of one principal to any one tool that writes or destroys; null = no ceiling. */
    readonly writePerMinute: number | null;
  };
}

/** `writePerMinute` where nobody has set it. */
export const defaultWritePerMinute: Readonly<Record<AccessSettings['preset'], number | null>> = {
  open: null,
  strict: 60,
};

export interface SnapshotServer {
  readonly id: string;
  /** `[a-z0-9-]`, no underscore: underscores separate slug from tool name. */
  readonly slug: string;
  readonly name: string;
  readonly url: string;
  /** Admin's prefix: tools appear as `{prefix}_{tool}`. Null: bare names, `{slug}__{tool}` on a clash. */
  readonly prefix: string | null;
  /** Grows with every change of the server's configuration. */
  readonly revision: number;
  /** Headers sent upstream, sealed by the vault with context `server/{id}/header/{name}`; null = none. */
  readonly credential: {
    /** Changes whenever any sealed value changes; part of the key of connections and sessions. */
    readonly id: string;
    readonly headers: readonly { readonly name: string; readonly sealed: string }[];
  } | null;
  readonly limits: SnapshotLimits;
  /** Set for a hosted server: its URL stands for the instance and is never dialled. */
  readonly hosted?: SnapshotHosted;
  /** Who may know of it; null or absent = the whole workspace. */
  readonly visibility?: readonly Subject[] | null;
  /** Tools whose every call waits for somebody's approval. Absent from older snapshots. */
  readonly approvals?: readonly SnapshotApproval[];
  /** Classes that were set, by the server's own name of the tool; pairs, since a name may be anything. */
  readonly toolClasses?: readonly (readonly [tool: string, toolClass: ToolClass])[];
  /** How repeated calls are met; absent = the defaults. */
  readonly replayGuard?: ReplayGuardSettings;
  /** The newest failure drill, unless it had ended when this was compiled. */
  readonly drill?: { readonly id: string; readonly endsAt: string } | null;
  /** Approved definitions, by the server's own name of the tool; null or absent: the server is not pinned. */
  readonly pins?: readonly (readonly [tool: string, hash: string])[] | null;
}

/** Each call of these tools is approved by a person before it is sent. */
export interface SnapshotApproval {
  /** An exact name, a pattern with `*`, or a class (`@destructive`), as the part of a rule's object after the server. */
  readonly target: string;
  /** Members and teams who may approve besides administrators. */
  readonly approvers: readonly Subject[];
  /** Minutes after which a request, approved or not, is worth nothing. */
  readonly expiresInMinutes: number;
}

/** The instance behind a hosted server, and whether it can be reached now. */
export interface SnapshotHosted {
  readonly instanceId: string;
  /** The one member it is for; null = everybody who may see the server. */
  readonly memberId: string | null;
  /** It does not run and a call may wait for it: it sleeps and is woken by the call, or is on its way already. */
  readonly wakes: boolean;
  /** Where its bridge is, as the runtime said; null while it does not run. */
  readonly endpoint: { readonly host: string; readonly port: number } | null;
}

/**
 * When a repeated call gets the result of the first: `request-id` where the client names its request, `always` also
 * where it does not.
 */
export type ReplayGuardMode = 'off' | 'request-id' | 'always';

/** How repeated calls of tools that write or destroy are met. */
export interface ReplayGuardSettings {
  readonly mode: ReplayGuardMode;
  /** Seconds from the first call in which another of the same counts as a repeat. */
  readonly windowSeconds: number;
  /** Tools that differ from `mode`, by the server's own names. */
  readonly tools: readonly { readonly tool: string; readonly mode: ReplayGuardMode }[];
}

export const defaultReplayGuard: ReplayGuardSettings = { mode: 'request-id', windowSeconds: 600, tools: [] };

/** Snapshots that were compiled before these existed have none. */
type LaterLimits = 'progressDeadlineMs' | 'principalPerMinute' | 'principalToolPerMinute' | 'principalConcurrency';
export type SnapshotLimits = Omit<ServerLimits, LaterLimits> & Partial<ServerLimits>;

export interface ServerLimits {
  /** Calls per minute to this server by everyone together; null = no ceiling. */
  readonly perMinute: number | null;
  /** Calls per minute to any one tool of this server; null = no ceiling. */
  readonly toolPerMinute: number | null;
  /** Calls per minute to this server by any one principal; null = no ceiling. */
  readonly principalPerMinute: number | null;
  /** Calls per minute of one principal to any one tool of this server; null = no ceiling. */
  readonly principalToolPerMinute: number | null;
  /** Calls of one principal in flight to this server at once; null = no ceiling. */
  readonly principalConcurrency: number | null;
  /** Calls in flight to this server at once; more wait briefly, then are refused. */
  readonly concurrency: number;
  /** Milliseconds a call may take in all, unless it reports progress. */
  readonly deadlineMs: number;
  /** Milliseconds a call may take in all that reports progress; at least `deadlineMs`. */
  readonly progressDeadlineMs: number;
  /** Decoded bytes an answer may have. */
  readonly maxResultBytes: number;
}

export interface SnapshotToken {
  readonly id: string;
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: string;
  /** A workspace token acts for nobody in particular, a member token for its member, a machine token for its machine. */
  readonly kind: 'workspace' | 'member' | 'machine';
  /** Set for a member token and for no other. */
  readonly memberId: string | null;
  /** Set for a machine token and for no other. */
  readonly machineId: string | null;
  /** Ids of the teams its member is in, sorted; empty for the other kinds. */
  readonly teams: readonly string[];
  readonly label: string;
  /** Narrows the token to these `server_slug` or `server_slug:tool_name` entries; null = whole workspace. */
  readonly scope: readonly string[] | null;
  /** ISO 8601 UTC; null = does not expire. */
  readonly expiresAt: string | null;
}

export const defaultServerLimits: ServerLimits = {
  perMinute: null,
  toolPerMinute: null,
  principalPerMinute: null,
  principalToolPerMinute: null,
  principalConcurrency: null,
  concurrency: 64,
  deadlineMs: 60_000,
  progressDeadlineMs: 600_000,
  maxResultBytes: 10 * 1024 * 1024,
};

export const defaultWorkspaceSettings: WorkspaceSettings = {
  access: { preset: 'open', enforcement: false },
  publishing: { teams: [] },
  toolList: defaultToolList,
  hosting: defaultHosting,
  auditMode: 'available',
  retentionDays: 90,
  limits: {
    principalPerMinute: null,
    workspacePerMinute: null,
    principalConcurrency: 256,
    writePerMinute: defaultWritePerMinute.open,
  },
};
