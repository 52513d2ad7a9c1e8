import type { Snapshot } from './snapshot.ts';
import {
  awaiting,
  heldBack,
  hidden,
  noRule,
  notListed,
  pass,
  refusal,
  type Decision,
  type Pass,
} from './policy/decision.ts';
import type { Principal } from './policy/principal.ts';
import { nextExpiry, rightsOf, type Otherwise } from './policy/rights.ts';
import type { ServerRights } from './policy/server-rights.ts';
import { nextStopEnd, stopOf, stoppedCaller, stoppedServer } from './policy/stops.ts';
import type { Verdict } from './policy/verdict.ts';

export type { Decision } from './policy/decision.ts';
export { compileScope, principalOfToken, type Principal } from './policy/principal.ts';

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
  /** It goes on with a call that was let through before, as following a task does: nobody approves it again. */
  readonly follows?: boolean | undefined;
  /**
   * Hash of the definition its server has of it now; null: it has none. Undefined asks what would be decided were the
   * definition approved.
   */
  readonly definition: string | null | undefined;
}

/**
 * The only answer to "may this call happen". Pure: the same snapshot, principal, call and moment give the same decision
 * for ever, which is what makes a recorded decision replayable. Lists are filtered by this same function.
 *
 * In this order, the first that speaks decides:
 * 0. a stop of the caller, the server or the tool refuses, whatever follows; what the caller may not know of stays unknown;
 * 1. the principal's workspace is the snapshot's, and the server is in it: otherwise unknown;
 * 2. the server's visibility (workspace tokens see every server of their workspace but those hosted for one member): otherwise unknown;
 * 3. the token's scope: what it does not name is refused, and a server it does not name is unknown;
 * 4. deny rules that have not expired refuse; of these only absolute ones bind workspace tokens;
 * 5. a workspace token is allowed;
 * 6. allow rules that have not expired allow;
 * 7. strict: refused. Open: whoever has no allow rule, live or expired, is allowed; the others are refused, or with
 *    enforcement off allowed and recorded as what would have been refused.
 *
 * Whatever allows a call of a tool that is set to need approval, in any mode and for any token, allows it with
 * `approval` set: it may be listed and asked for, and is sent only once somebody has approved that very call.
 *
 * A tool that would be allowed is refused all the same, to workspace tokens too, where its server is pinned and the
 * definition is not the approved one: what was approved is what was read, and not whatever the server says since.
 * @param at milliseconds since the epoch; rules end at their moment, whatever snapshot is held
 */
export function decide(snapshot: Snapshot, principal: Principal, call: PolicyCall, at: number): Decision {
  if (principal.workspaceId !== snapshot.workspace.id) return otherWorkspace;
  const stop = stopOf(snapshot, principal, call, at);
  if (stop !== undefined) return maySee(snapshot, principal, call.serverSlug) ? stop.refused : stop.hidden;
  const rights = rightsOf(snapshot, principal);
  const server = rights.servers.get(call.serverSlug);
  if (server === undefined) return noServer;
  const scoped = withinScope(principal, call);
  if ('effect' in scoped) return scoped;
  const { deny, allow, approval } = verdict(server, call);
  if (deny !== undefined && deny.until > at) return deny.decision;
  const decision = allow !== undefined && allow.until > at ? allow.decision : withoutRule(rights.otherwise, scoped);
  if (decision.effect === 'deny') return decision;
  if (server.pins !== undefined && call.kind === 'tool') {
    const held = byPin(server.pins.get(call.name), call.definition);
    if (held !== undefined) return held;
  }
  return approval === undefined || call.follows === true ? decision : awaiting(decision, approval);
}

function byPin(approved: string | undefined, definition: PolicyCall['definition']): Decision | undefined {
  if (definition === undefined || (approved !== undefined && definition === approved)) return undefined;
  return approved === undefined ? heldBack.new : heldBack.changed;
}

/** Whether a principal may know of a server: it is there, visible to them, and named by their token's scope if that has one. */
export const maySee = (snapshot: Snapshot, principal: Principal, slug: string): boolean =>
  principal.workspaceId === snapshot.workspace.id &&
  rightsOf(snapshot, principal).servers.has(slug) &&
  (principal.scope === null || principal.scope.servers.has(slug));

/** Equal for principals to whom `decide` gives the same answers in this snapshot: what is made for one serves the other. */
export const viewKey = (snapshot: Snapshot, principal: Principal): string =>
  principal.scope === null && stoppedCaller(snapshot, principal, -Infinity) === undefined
    ? rightsOf(snapshot, principal).key
    : `token:${principal.tokenId}`;

/**
 * Whether a caller, or the one server a URL names, is stopped: who listens there hears nothing more.
 * @param at milliseconds since the epoch
 */
export const isStopped = (snapshot: Snapshot, principal: Principal, slug: string | undefined, at: number): boolean =>
  stoppedCaller(snapshot, principal, at) !== undefined ||
  (slug !== undefined && stoppedServer(snapshot, slug, at) !== undefined);

/** What holds for a principal where no rule speaks. */
export const otherwise = (snapshot: Snapshot, principal: Principal): Otherwise =>
  rightsOf(snapshot, principal).otherwise;

/** The first moment after `at` at which some decision may change by itself; Infinity: none. Milliseconds since the epoch. */
export const unchangedUntil = (snapshot: Snapshot, at: number): number =>
  Math.min(nextExpiry(snapshot, at), nextStopEnd(snapshot, at));

function verdict(server: ServerRights, { kind, name }: PolicyCall): Verdict {
  return kind === 'tool' ? server.tool(name) : server[kind];
}

function withoutRule(mode: Otherwise, scoped: Pass): Decision {
  switch (mode) {
    case 'allowed':
      return scoped.allow;
    case 'observed':
      return scoped.unenforced;
    case 'not-listed':
      return unlisted;
    case 'no-rule':
      return ruleless;
  }
}

function withinScope({ scope, kind }: Principal, call: PolicyCall): Pass | Decision {
  if (scope === null) return unscoped[kind];
  if (scope.entries.has(call.serverSlug)) return scopedServer;
  // `slug:name` names a tool. Prompts and resources are not narrowed to one by one.
  if (call.kind === 'tool' && scope.entries.has(`${call.serverSlug}:${call.name}`)) return scopedTool;
  if (!scope.servers.has(call.serverSlug)) return outOfScope;
  return call.kind === 'tool' ? otherTool : someTools;
}

const unscoped: Readonly<Record<Principal['kind'], Pass>> = {
  workspace: pass('workspace-token'),
  member: pass('member'),
  machine: pass('machine'),
};
const scopedServer = pass('token-scope:server');
const scopedTool = pass('token-scope:tool');

const otherWorkspace = hidden('workspace');
const noServer = hidden('server');
const outOfScope = hidden('token-scope');
const otherTool = refusal('token-scope', 'The token is limited to other tools of this server.');
const someTools = refusal('token-scope', 'The token is limited to some tools of this server.');
const unlisted = refusal(notListed, 'None of the rules that allow you something lists it. Ask an administrator.');
const ruleless = refusal(noRule, 'No rule allows it, and this workspace is strict. Ask an administrator.');
