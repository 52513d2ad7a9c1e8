import type { CatalogueListing } from '../catalogue.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import { rateLimited } from '../limits.ts';
import { perToken } from '../budget.ts';
import { requireSome } from '../list.ts';

/**
 * Looking is no call of a server and has no row, but it costs the caller a call of its budget, understood or not.
 * @throws RpcError
 */
export function takeLook(deps: GatewayDeps, { held, principal }: Exchanged): void {
  const wait = deps.limits.take(principal.tokenId, held.snapshot.settings.limits.principalPerMinute);
  if (wait > 0) throw rateLimited(perToken, wait);
}

/** What `tools/list` would show this caller if it showed all. @throws AppError */
export async function searchable(deps: GatewayDeps, { held, principal, server }: Exchanged): Promise<CatalogueListing> {
  const listing = await deps.catalogue.list(held, principal, server, 'tools');
  requireSome(listing);
  return listing;
}
