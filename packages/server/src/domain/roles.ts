import type { Operation, Role } from '@mcpnest/contract/operation';

/**
 * Who changes state. Made from a verified control key or invitation, or by the local CLI: whoever can read the data folder holds
 * the database and the key anyway, and is the operator.
 */
export type Actor =
  | { readonly kind: 'local' }
  /** MCPNest itself, where a change follows from what has happened; no request is made as it. */
  | { readonly kind: 'system' }
  | {
      readonly kind: 'user';
      readonly userId: string;
      readonly keyId: string;
      readonly role: Role;
      /** The one workspace the key is bound to; null = the whole instance. */
      readonly workspace: { readonly id: string; readonly slug: string } | null;
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
  if (actor.kind === 'system') return 'member';
  return actor.kind === 'local' ? 'owner' : actor.role;
}

/** How an actor is written in the audit trail and in `created_by`. */
export function actorName(actor: Actor): string {
  if (actor.kind === 'local') return 'local-cli';
  if (actor.kind === 'system') return 'mcpnest';
  return actor.kind === 'user' ? `user:${actor.userId}/key:${actor.keyId}` : `invitation:${actor.invitationId}`;
}

/**
 * Whether an actor may perform an operation, decided from the credential and the path alone, before anything is
 * looked up. `hidden`: the path names a workspace the actor must not learn about. Where the path names none, the
 * workspace is the pipeline's to look up within the actor's reach.
 */
export function permission(
  actor: Actor,
  operation: Pick<Operation, 'role' | 'scope'>,
  workspaceSlug: string | undefined,
): 'allow' | 'hidden' | 'instance-only' | 'role' | 'invited-only' {
  if (operation.role === 'invited') return actor.kind === 'invited' ? 'allow' : 'invited-only';
  if (actor.kind === 'invited' || actor.kind === 'system') return 'role';
  if (actor.kind === 'local') return 'allow';
  if (actor.workspace !== null && operation.scope !== 'named') {
    if (operation.scope === 'instance') return 'instance-only';
    if (workspaceSlug !== actor.workspace.slug) return 'hidden';
  }
  return atLeast(actor.role, operation.role) ? 'allow' : 'role';
}
