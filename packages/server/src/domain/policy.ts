import type { Snapshot, SnapshotToken } from './snapshot.ts';

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

/**
 * What a server offers. Completing an argument is judged as the prompt or resource it belongs to, following a task as
 * the tool that began it; `method` is a method of an extension that the gateway does not know.
 */
export type CallKind = 'tool' | 'prompt' | 'resource' | 'method';

/** What is to be called, got or read, as the server itself names it. */
export interface PolicyCall {
  readonly serverSlug: string;
  readonly kind: CallKind;
  /** Name of a tool, prompt or method, URI of a resource, or URI template. */
  readonly name: string;
}

export type Decision =
  | { readonly effect: 'allow'; readonly rule: string }
  | {
      readonly effect: 'deny';
      readonly rule: string;
      readonly reason: string;
      /** False: the caller must not learn that the server exists. */
      readonly visible: boolean;
    };

/** Read a token's scope entries once, when a snapshot is taken into memory. */
export function compileScope(entries: readonly string[] | null): Scope | null {
  if (entries === null) return null;
  return {
    entries: new Set(entries),
    servers: new Set(entries.map((entry) => entry.split(':', 1)[0]!)),
  };
}

/**
 * The only answer to "may this call happen". Pure: the same snapshot, principal and call give the same decision for
 * ever, which is what makes a recorded decision replayable. Lists are filtered by this same function.
 *
 * Order: the server must be in the snapshot → the token's scope → allow. A call that reaches no rule is denied.
 */
export function decide(snapshot: Snapshot, principal: Principal, call: PolicyCall): Decision {
  if (principal.workspaceId !== snapshot.workspace.id) return hidden('workspace');
  if (!snapshot.servers.some((server) => server.slug === call.serverSlug)) return hidden('server');
  const { scope } = principal;
  if (scope === null) return allowKind[principal.kind];
  if (scope.entries.has(call.serverSlug)) return allowScopeServer;
  // `slug:name` names a tool. Prompts and resources are not narrowed to one by one.
  if (call.kind === 'tool' && scope.entries.has(`${call.serverSlug}:${call.name}`)) return allowScopeTool;
  if (!scope.servers.has(call.serverSlug)) return hidden('token-scope');
  return {
    effect: 'deny',
    rule: 'token-scope',
    reason:
      call.kind === 'tool'
        ? 'The token is limited to other tools of this server.'
        : 'The token is limited to some tools of this server.',
    visible: true,
  };
}

const allowKind: Readonly<Record<Principal['kind'], Decision>> = {
  workspace: { effect: 'allow', rule: 'workspace-token' },
  member: { effect: 'allow', rule: 'member' },
  machine: { effect: 'allow', rule: 'machine' },
};
const allowScopeServer: Decision = { effect: 'allow', rule: 'token-scope:server' };
const allowScopeTool: Decision = { effect: 'allow', rule: 'token-scope:tool' };

const hidden = (rule: string): Decision => ({
  effect: 'deny',
  rule,
  reason: 'No such server in what this token may see.',
  visible: false,
});
