import { randomHex } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { ChangeDeps } from '../change.ts';
import { announceApprovals } from '../approvals/approvals.ts';
import { announceServers } from '../servers/servers.ts';
import { announceEndedStops } from '../stops/stops.ts';
import { dueWebhooks, headOf, lease, release, settle } from './queue.ts';
import { attemptMs, send, type SendDeps } from './send.ts';

export type CourierDeps = SendDeps & ChangeDeps;

/** Brings announcements to webhooks. */
export interface Courier extends AsyncDisposable {
  /** Look for what has happened and what is due, and begin to deliver it. @throws what the database throws */
  round(): Promise<void>;
  /** Until nothing is being delivered. */
  idle(): Promise<void>;
}

/** Webhooks this process delivers to at once. */
const mostAtOnce = 8;
const roundMs = 1_000;
/** Servers are looked at less often: their state changes by the minute. */
const serversMs = 5_000;

/**
 * Deliveries are in order for each webhook and made at least once: who delivers holds a lease on the webhook, so of
 * several processes on one database one does, and another only after that one has died.
 */
export function createCourier(deps: CourierDeps): Courier {
  const { db, clock, log } = deps;
  const me = randomHex();
  const running = new Map<string, Promise<void>>();
  let stopped = false;
  let serversAt = -Infinity;

  async function drain(id: string): Promise<void> {
    while (!stopped && (await lease(db, id, me, clock.now()))) {
      const head = await headOf(db, id, isoTime(clock.now()));
      if (head === undefined) break;
      const { hook, delivery } = head;
      const data = JSON.parse(delivery.data) as Record<string, unknown>;
      const message = {
        id: delivery.id,
        type: delivery.type,
        createdAt: delivery.created_at,
        workspace: hook.slug,
        data,
      };
      const attempt = await send(deps, hook, message);
      // The database may be closed by now; the lease runs out, and the delivery is made again.
      if (stopped) return;
      await settle(deps, head, attempt, me);
    }
    if (!stopped) await release(db, id, me);
  }

  async function round(): Promise<void> {
    await announceApprovals(db, clock);
    await announceEndedStops(db, clock);
    if (clock.monotonic() - serversAt >= serversMs) {
      serversAt = clock.monotonic();
      await announceServers(db, clock);
    }
    for (const id of await dueWebhooks(db, isoTime(clock.now()), 2 * mostAtOnce)) {
      if (stopped || running.size >= mostAtOnce) break;
      if (running.has(id)) continue;
      const drained = drain(id)
        .catch((error: unknown) => {
          if (!stopped) log.warn({ err: error, webhook: id }, 'deliveries to a webhook could not be written down');
        })
        .finally(() => running.delete(id));
      running.set(id, drained);
    }
  }

  const idle = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running.values());
  };

  return {
    round,
    idle,
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(attemptMs, leavingMs))));
      await Promise.race([idle(), late]);
      clearTimeout(timer);
    },
  };
}

/** An attempt under way has this long to end when the process stops. */
const leavingMs = 2_000;

/** A courier that goes on its round every second, until it is disposed. */
export function startCourier(deps: CourierDeps): AsyncDisposable {
  const courier = createCourier(deps);
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  let going: Promise<void> = Promise.resolve();
  let stopped = false;
  const go = async (): Promise<void> => {
    try {
      await courier.round();
      failing = false;
    } catch (error) {
      // Said once: the database is away, and everybody says so.
      if (!failing && !stopped) deps.log.warn({ err: error }, 'webhooks cannot be looked after at the moment');
      failing = true;
    }
    if (!stopped) timer = setTimeout(() => (going = go()), roundMs).unref();
  };
  timer = setTimeout(() => (going = go()), roundMs).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      clearTimeout(timer);
      await going;
      await courier[Symbol.asyncDispose]();
    },
  };
}
