import type { AuthorizedCall } from './authorized-call.ts';
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
  call.spend();
  return upstreams.of(call.held, call.target.server).request(request);
}
