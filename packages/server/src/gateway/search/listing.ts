import type { CatalogueListing } from '../catalogue.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import { rateLimited } from '../limits.ts';
import { perToken } from '../budget.ts';
import { requireSome } from '../list.ts';

/**
 * What `tools/list` would show this caller if it showed all. Looking is no call of a server and has no row, but it costs
 * the caller a call of its budget.
 * @throws AppError
 */
export async function searchable(deps: GatewayDeps, call: Exchanged): Promise<CatalogueListing> {
  const { held, principal, server } = call;
  const wait = deps.limits.take(principal.tokenId, held.snapshot.settings.limits.principalPerMinute);
  if (wait > 0) throw rateLimited(perToken, wait);
  const listing = await deps.catalogue.list(held, principal, server, 'tools');
  requireSome(listing);
  return listing;
}
