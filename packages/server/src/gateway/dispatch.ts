import type { AuthorizedCall, Grant } from './authorized-call.ts';
import type { Upstreams } from './upstreams/pool.ts';
import type { UpstreamAnswer, UpstreamRequest } from './upstreams/upstream.ts';

/**
 * The only way a caller's bytes reach an upstream (rule R1). The gateway's own errands, handshakes and lists,
 * carry nothing of any caller and do not pass here.
 * @throws UpstreamFault
 */
export function dispatch(
  upstreams: Upstreams,
  call: AuthorizedCall,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const grant = call.spend();
  const { held, target } = grant;
  if (target.server.hosted?.endpoint === null) return dispatchAwake(upstreams, grant, request);
  return upstreams.of(held, target.server).request(request);
}

/** A call is what wakes a server that sleeps, and nothing else does. */
async function dispatchAwake(
  upstreams: Upstreams,
  { held, target }: Grant,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  await upstreams.awake(held, target.server);
  return upstreams.of(held, target.server).request(request);
}
