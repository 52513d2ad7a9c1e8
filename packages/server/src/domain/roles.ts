import type { Operation, Role } from '@mcpnest/contract/operation';

/**
 * Who changes state. Made from a verified control key, session or invitation, or by the local CLI: whoever can read the
 * data folder holds the database and the key anyway, and is the operator.
 */
export type Actor =
  | { readonly kind: 'local' }
  /** MCPNest itself, where a change follows from what has happened; no request is made as it. */
  | { readonly kind: 'system' }
  /** Nobody in particular: of operations that are open to anyone, and of nothing else. */
  | { readonly kind: 'anyone' }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly credential: { readonly kind: 'key' | 'session'; readonly id: string };
      readonly role: Role;
      /** The one workspace they act in; null = the whole instance; `none`: only what is their own. */
      readonly workspace: { readonly id: string; readonly slug: string } | null | 'none';
    }
  | {
      /** Bears an open invitation, and can do nothing but accept it. */
      readonly kind: 'invited';
      readonly invitationId: string;
      /** What the invitation is to. */
      readonly role: Role;
      readonly workspace: { readonly id: string; readonly slug: string };
    };

const rank: Readonly<Record<Role, number>> = { owner: 3, admin: 2, member: 1 };

/** Whether a role is the needed one or above it: owner > admin > member. */
export const atLeast = (role: Role, needed: Role): boolean => rank[role] >= rank[needed];

/** The lesser of two roles. */
export const lesserRole = (a: Role, b: Role): Role => (atLeast(a, b) ? b : a);

export function roleOf(actor: Actor): Role {
  if (actor.kind === 'system' || actor.kind === 'anyone') return 'member';
  return actor.kind === 'local' ? 'owner' : actor.role;
}

/** How an actor is written in the audit trail and in `created_by`. */
export function actorName(actor: Actor): string {
  if (actor.kind === 'local') return 'local-cli';
  if (actor.kind === 'system') return 'mcpnest';
  if (actor.kind === 'anyone') return 'anonymous';
  if (actor.kind === 'invited') return `invitation:${actor.invitationId}`;
  return `user:${actor.userId}/${actor.credential.kind}:${actor.credential.id}`;
}

/**
 * Whether an actor may perform an operation, decided from the credential and the path alone, before anything is
 * looked up. `hidden`: the path names a workspace the actor must not learn about. Where the path names none, the
 * workspace is the pipeline's to look up within the actor's reach.
 */
export function permission(
  actor: Actor,
  operation: Pick<Operation, 'role' | 'scope' | 'ownPart'>,
  workspaceSlug: string | undefined,
): 'allow' | 'hidden' | 'instance-only' | 'role' | 'invited-only' | 'signed-in-only' {
  if (operation.role === 'anyone') return 'allow';
  if (operation.role === 'invited') return actor.kind === 'invited' ? 'allow' : 'invited-only';
  if (operation.role === 'signed-in') {
    return actor.kind === 'user' && actor.credential.kind === 'session' ? 'allow' : 'signed-in-only';
  }
  if (actor.kind === 'invited' || actor.kind === 'system' || actor.kind === 'anyone') return 'role';
  if (actor.kind === 'local') return 'allow';
  // Whose workspace is not known before the input is read: the pipeline judges again then.
  if (operation.scope === 'named' && actor.workspace === 'none') return 'allow';
  if (actor.workspace === 'none') return operation.ownPart === true ? 'allow' : 'instance-only';
  if (actor.workspace !== null && operation.scope !== 'named') {
    if (operation.scope === 'instance') return 'instance-only';
    if (workspaceSlug !== actor.workspace.slug) return 'hidden';
  }
  return atLeast(actor.role, operation.role) ? 'allow' : 'role';
}
