import type { HostedLine, HostedLogs } from '../domain/hosted/logs.ts';
import { notFound } from '../domain/errors.ts';
import { createLogText } from './log-text.ts';
import { createMeter } from './meter.ts';
import { createReconciler, type ReconcileDeps } from './reconcile.ts';
import { readNewestWake } from './store.ts';
import { secretsOf } from './steps.ts';

export type OrchestratorDeps = Omit<ReconcileDeps, 'lookAgain'>;

/** The hosted-server plane. What is wanted it reads from the database; all it is asked directly is what servers write. */
export interface Orchestrator extends AsyncDisposable {
  /** Begin to make what is wanted. */
  start(): void;
  readonly logs: HostedLogs;
  /** Whether the last look at database and runtime succeeded. */
  readonly health: { readonly ok: boolean };
}

/** Wanted states and wakes are looked for this often, should a nudge be lost. */
const passMs = 1_000;
/** Somebody waits for a wake, and from another process there are no nudges. */
const wakesMs = 200;
const meterMs = 15_000;

export function createOrchestrator(deps: OrchestratorDeps): Orchestrator {
  const { db, bus, log, clock } = deps;
  const reconciler = createReconciler({ ...deps, lookAgain: () => look() });
  const measure = createMeter(deps);
  const health = { ok: true };
  let stopped = false;
  let passing: Promise<void> | undefined;
  let again = false;
  let measuredAt = clock.monotonic();
  let measuring: Promise<void> | undefined;
  let wakes: Promise<void> | undefined;
  let newestWake: string | undefined;
  const timers: NodeJS.Timeout[] = [];
  let subscription: Disposable | undefined;

  async function drain(): Promise<void> {
    while (again && !stopped) {
      again = false;
      try {
        const leads = await reconciler.pass();
        health.ok = true;
        if (leads) meter();
      } catch (error) {
        if (health.ok) log.error({ err: error }, 'hosted servers cannot be looked after');
        health.ok = false;
      }
    }
  }

  function meter(): void {
    if (measuring !== undefined || clock.monotonic() - measuredAt < meterMs) return;
    measuredAt = clock.monotonic();
    measuring = measure(reconciler.running).finally(() => (measuring = undefined));
  }

  function look(): void {
    if (stopped) return;
    again = true;
    passing ??= drain().finally(() => (passing = undefined));
  }

  async function lookForWakes(): Promise<void> {
    const newest = await readNewestWake(db).catch(() => newestWake);
    if (newest !== undefined && newest !== newestWake) look();
    newestWake = newest;
  }

  return {
    health,
    logs: createLogs(deps),
    start() {
      subscription = bus.subscribe('hosted.wanted', look);
      timers.push(setInterval(look, passMs).unref());
      timers.push(setInterval(() => (wakes ??= lookForWakes().finally(() => (wakes = undefined))), wakesMs).unref());
      look();
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      subscription?.[Symbol.dispose]();
      await wakes;
      await passing;
      await measuring;
      await reconciler[Symbol.asyncDispose]();
    },
  };
}

function createLogs(deps: OrchestratorDeps): HostedLogs {
  const { db, runtime } = deps;
  async function* follow(
    instanceId: string,
    tail: number,
    goesOn: boolean,
    signal: AbortSignal,
  ): AsyncIterable<HostedLine> {
    const instance = await db
      .selectFrom('hosted_instances')
      .select(['id', 'token'])
      .where('id', '=', instanceId)
      .executeTakeFirst();
    if (instance === undefined) throw notFound('hosted instance', instanceId);
    const show = createLogText(await secretsOf(deps, instance));
    for await (const line of runtime.logs(instanceId, { tail, follow: goesOn }, signal)) yield show(line);
  }
  return {
    async tail(instanceId, lines, signal = AbortSignal.timeout(10_000)) {
      const all: HostedLine[] = [];
      for await (const line of follow(instanceId, lines, false, signal)) {
        all.push(line);
        if (all.length > lines) all.shift();
      }
      return all;
    },
    follow: (instanceId, lines, signal) => follow(instanceId, lines, true, signal),
  };
}
