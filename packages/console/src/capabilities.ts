import type { Role } from '@mcpnest/contract/operation';
import type { Session } from './api/session.ts';
import { wires } from './api/wires.precomputed.ts';
import type { WireOperation } from './api/wires.precomputed.ts';

const rank: Readonly<Record<Role, number>> = { member: 1, admin: 2, owner: 3 };

const byId = new Map<string, WireOperation>(
  Object.values(wires).flatMap((verbs) => Object.values(verbs).map((operation) => [operation.id, operation] as const)),
);

type Person = Pick<Session, 'instanceRole' | 'workspaces'>;

/** The role somebody has in a workspace: as its member, or by the role in the instance. */
export function roleIn(session: Person, workspace: string): Role | null {
  const own = session.workspaces.find(({ slug }) => slug === workspace)?.role ?? null;
  const roles = [own, session.instanceRole].filter((role) => role !== null);
  return roles.toSorted((a, b) => rank[b] - rank[a])[0] ?? null;
}

/**
 * Whether to offer an operation, by the role the contract asks for. It decides what is shown and nothing else: the
 * server judges every request by itself.
 * @param operation id of an operation, e.g. `servers.create`
 * @throws Error when the contract has no such operation
 */
export function can(session: Person, operation: string, workspace?: string): boolean {
  const found = wireOf(operation);
  if (!(found.role in rank)) return true;
  const role =
    found.scope === 'instance' || workspace === undefined ? session.instanceRole : roleIn(session, workspace);
  return role !== null && rank[role] >= rank[found.role as Role];
}

/** The role and scope the contract asks for. @throws Error when the contract has no such operation */
export const needOf = (operation: string): Pick<WireOperation, 'role' | 'scope'> => wireOf(operation);

function wireOf(operation: string): WireOperation {
  const found = byId.get(operation);
  if (found === undefined) throw new Error(`the contract has no operation ${operation}`);
  return found;
}
