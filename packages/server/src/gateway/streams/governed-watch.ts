import { authorize } from '../authorized-call.ts';
import { schemeOf } from '../definitions.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Exchanged } from '../inbound.ts';
import type { Message } from '../message.ts';
import type { CallRecord } from '../recorder.ts';
import { faultError, UpstreamFault } from '../upstreams/fault.ts';
import type { GovernedWatch, ResourceWatching, Watcher } from './subscriptions.ts';

/** The method in the rows of subscriptions, also of those that `subscriptions/listen` asks for. */
const method = 'resources/subscribe';

/** The row of a subscription that one request asks for, of which only the scheme of the URI may be kept until it is known. */
export const subscriptionRecord = (
  { recorder }: Pick<GatewayDeps, 'recorder'>,
  call: Exchanged,
  message: Message,
  uri: string,
): CallRecord => recorder.open(call, message, method, schemeOf(uri));

/**
 * How subscriptions of one request come about: judged → the intent is written → the server is asked, unless it tells of
 * the resource already → the outcome is written. Whatever ends early is a recorded denial.
 */
export function governedWatch(
  deps: GatewayDeps & { readonly watching: ResourceWatching },
  call: Exchanged,
  message: Message,
): GovernedWatch {
  return async (uri, found, watcher) => {
    // Lists may have been read since the request came: its row names what it was judged by.
    const record = subscriptionRecord(deps, { ...call, ...found?.viewer }, message, uri);
    if (found === undefined) {
      record.deny(401, 'unauthenticated', 'credential');
      return undefined;
    }
    const { viewer, judged } = found;
    if (judged === undefined) {
      record.deny(404, 'unknown_resource', 'unknown-resource');
      return undefined;
    }
    const { target, decision } = judged;
    record.target(target);
    if (decision.effect === 'deny') {
      const { visible, rule } = decision;
      record.deny(visible ? 403 : 404, visible ? 'denied_by_policy' : 'unknown_resource', rule);
      return undefined;
    }
    record.arguments('{}', target.name);
    const receipt = await record.intent(decision.rule, decision.wouldDeny);
    record.written(receipt);
    const started = deps.clock.monotonic();
    const took = (): void => {
      call.inbound.upstreamMs = deps.clock.monotonic() - started;
    };
    try {
      requireStanding(watcher);
      const { principal, held } = viewer;
      const authorized = authorize({ principal, held, target, decision, approval: undefined, receipt });
      const watch = await deps.watching.watch(authorized, watcher.onUpdated);
      took();
      record.settled(null, watch.asked);
      return watch;
    } catch (error) {
      took();
      record.failed(error);
      if (!(error instanceof UpstreamFault)) throw error;
      if (error.fault === 'cancelled') return undefined;
      throw faultError(error, target.server.slug);
    }
  };
}

/**
 * Before the server is asked: it may have taken a while until the intent was written.
 * @throws UpstreamFault
 */
function requireStanding({ isWanted, isCurrent }: Watcher): void {
  if (!isWanted()) throw new UpstreamFault('cancelled', 'taken back before the server was asked');
  if (!isCurrent()) throw new UpstreamFault('closed', 'the workspace changed since the subscription was judged');
}
