import type { CatalogueEntry } from '../domain/hosted/entry.ts';
import { imageName } from '@mcpnest/contract/schemas/hosted';
import { randomHex } from '../domain/ids.ts';
import { reachRefusal } from '../platform/hosted-reach.ts';
import { holdLease, releaseLease } from '../platform/lease.ts';
import { isCounted, plan, type Action, type DesiredWorkload } from './plan.ts';
import { buildSecrets, buildSpec, isReviewed } from './spec.ts';
import { readInstances, readLastCall, type Authority, type StoredInstance } from './store.ts';
import { takeStep, type StepDeps, type Subject } from './steps.ts';

export interface ReconcileDeps extends StepDeps {
  readonly catalogue: readonly CatalogueEntry[];
  /** Called when there is more to do at once. */
  readonly lookAgain: () => void;
}

/** Makes hosted servers what they shall be, again and again. */
export interface Reconciler extends AsyncDisposable {
  /**
   * Look once and begin every step that is due; steps of one instance never overlap.
   * @returns whether this process is the one that does so
   * @throws what the database or the runtime throws
   */
  pass(): Promise<boolean>;
  /** Until no step is under way. */
  idle(): Promise<void>;
  /** Instances seen running in the last pass. */
  readonly running: ReadonlySet<string>;
}

const lease = 'orchestrator';

interface Busy {
  readonly controller: AbortController;
  readonly done: Promise<void>;
  readonly kind: Action['kind'];
  /** What the step was taken for. */
  readonly restarts: number;
  /** Something else was due while it went on. The same once more is no news: a step that fails waits for the next pass. */
  overtaken: boolean;
}

/** Level-triggered: each pass compares all that is wanted with all there is, so nothing missed is missed for long. */
export function createReconciler(deps: ReconcileDeps): Reconciler {
  const { db, clock, runtime, log } = deps;
  const entries = new Map(deps.catalogue.map((entry) => [`${entry.slug} ${entry.version}`, entry]));
  const me = randomHex();
  const busy = new Map<string, Busy>();
  let running: ReadonlySet<string> = new Set();

  const subjectOf = (stored: StoredInstance): Subject => {
    const entry = entries.get(`${stored.entrySlug} ${stored.entryVersion}`);
    if (entry === undefined || !isReviewed(entry, stored)) return { stored, spec: undefined, secretsFrom: undefined };
    const spec = buildSpec(entry, stored);
    return { stored, spec, secretsFrom: (values, token) => buildSecrets(entry, stored.reaches, values, token) };
  };

  async function desiredOf({ stored, spec }: Subject): Promise<DesiredWorkload> {
    const { id: instanceId, restarts, woken, recorded, pausedMinutes } = stored;
    return {
      ...{ instanceId, blocked: blockOf(stored), specHash: spec?.hash ?? null, restarts, woken, recorded },
      sleepsAt: await sleepsAtOf(stored),
      pausedUntil: recorded.since + pausedMinutes * 60_000,
    };
  }

  async function sleepsAtOf({
    workspaceId,
    serverSlug,
    idleMinutes,
    recorded,
  }: StoredInstance): Promise<number | null> {
    if (idleMinutes === null || recorded.state !== 'running') return null;
    const idleMs = idleMinutes * 60_000;
    // Asked only of those that could have been idle for long enough.
    if (recorded.since + idleMs > clock.now()) return recorded.since + idleMs;
    const called = (await readLastCall(db, workspaceId, serverSlug)) ?? 0;
    return Math.max(recorded.since, called) + idleMs;
  }

  async function pass(): Promise<boolean> {
    const fence = await holdLease(db, lease, me, clock.now());
    if (fence === undefined) {
      abandon();
      return false;
    }
    const subjects = (await readInstances(db)).map(subjectOf);
    const observed = await runtime.list();
    running = new Set(observed.filter(({ state }) => state === 'running').map(({ instanceId }) => instanceId));
    const byId = new Map(subjects.map((subject) => [subject.stored.id, subject]));
    const ended = new Map(observed.filter(({ state }) => state === 'exited').map((one) => [one.instanceId, one]));
    // What is waited for in vain is given up, so that the next plan can go on from there. What ends it goes on.
    for (const [id, { controller, kind, restarts }] of busy) {
      const stored = byId.get(id)?.stored;
      const run = ended.get(id);
      const blocked = stored === undefined || blockOf(stored) !== null;
      const inVain = blocked || (run !== undefined && !isCounted(stored.recorded, run));
      const waits = kind === 'start' || kind === 'attend';
      if ((waits && inVain) || (stored !== undefined && stored.restarts !== restarts)) controller.abort();
    }
    const actions = plan(await Promise.all(subjects.map(desiredOf)), observed, clock.now());
    for (const action of actions) {
      const underWay = busy.get(action.instanceId);
      if (underWay !== undefined) underWay.overtaken ||= underWay.kind !== action.kind;
      else begin(action.instanceId, byId.get(action.instanceId), { lease, holder: me, fence }, action);
    }
    return true;
  }

  function begin(id: string, subject: Subject | undefined, by: Authority, action: Action): void {
    const controller = new AbortController();
    const done = takeStep(deps, by, action, subject, controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted)
          log.warn({ err: error, instance: id, step: action.kind }, 'a step for a hosted server failed');
      })
      .finally(() => {
        busy.delete(id);
        if (action.kind === 'restart' || taken.overtaken || controller.signal.aborted) deps.lookAgain();
      });
    const { kind } = action;
    const taken: Busy = { controller, done, kind, restarts: subject?.stored.restarts ?? 0, overtaken: false };
    busy.set(id, taken);
  }

  function abandon(): void {
    for (const { controller } of busy.values()) controller.abort();
  }

  const idle = async (): Promise<void> => {
    await Promise.all([...busy.values()].map(({ done }) => done));
  };

  return {
    pass,
    idle,
    get running() {
      return running;
    },
    async [Symbol.asyncDispose]() {
      abandon();
      await idle();
      await releaseLease(db, lease, me, clock.now()).catch(() => undefined);
    },
  };
}

/** Why an instance shall not run, with the remedy; null: it shall. */
function blockOf(stored: StoredInstance): string | null {
  if (!stored.enabled) return 'Hosting is switched off in this workspace.';
  if (!stored.serverEnabled) return 'Its server is disabled.';
  if (stored.abandoned) return 'The member it belongs to has left the workspace.';
  if (!stored.imageAllowed) return 'Its image is not allowed any more.';
  if (!imageName.safeParse(stored.image).success) return 'Its image has a name that no image may have.';
  for (const address of stored.reaches) {
    const refusal = reachRefusal(address, address.opened);
    if (refusal !== null) return refusal;
  }
  return null;
}
