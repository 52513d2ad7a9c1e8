import type { Role } from '@mcpnest/contract/operation';

const roles = ['member', 'admin', 'owner'] as const satisfies readonly Role[];

/** The roles somebody may give: none above their own. */
export const rolesUpTo = (own: Role | null): readonly Role[] =>
  own === null ? [] : roles.slice(0, roles.indexOf(own) + 1);
