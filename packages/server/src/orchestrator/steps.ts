import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { AppError } from '../domain/errors.ts';
import { passwordsIn } from '../domain/hosted/reached.ts';
import { afterCrash, hostedHost, recentCrashes } from '../domain/hosted/workload.ts';
import type { Secret } from '../domain/secret.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { isoTime, type Clock } from '../platform/clock.ts';
import type { HealthProbe } from '../platform/health-probe.ts';
import type { Log } from '../platform/log.ts';
import type { Vault } from '../platform/vault/vault.ts';
import { createLogText } from './log-text.ts';
import { isCounted, type Action } from './plan.ts';
import type { ObservedWorkload, Runtime, WorkloadSecrets, WorkloadSpec } from './runtimes/runtime.ts';
import {
  readSecrets,
  writeWorkload,
  type Authority,
  type OrchestratorTables,
  type StoredInstance,
  type WorkloadChange,
} from './store.ts';

export interface StepDeps {
  readonly db: Kysely<OrchestratorTables>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly vault: Vault;
  readonly runtime: Runtime;
  readonly probe: HealthProbe;
}

/** An instance with the container it shall have, where this release can make it. */
export interface Subject {
  readonly stored: StoredInstance;
  readonly spec: WorkloadSpec | undefined;
  readonly secretsFrom: ((values: ReadonlyMap<string, string>, token: string) => WorkloadSecrets) | undefined;
}

/** What an image that is there takes no longer than; a pull is said to be one. */
const pullShownAfterMs = 300;
const probeEveryMs = 100;
/** A container that runs and does not serve by then has failed. */
const readyWithinMs = 60_000;
const graceMs = 10_000;
const headlineLines = 50;

/**
 * Take one step of the plan. Whatever fails or is cut short leaves a state the next plan goes on from: the runtime's
 * verbs may be repeated, and a record is written only under the lease.
 * @throws what the runtime or the database throws; what a start fails for is recorded as a crash instead
 */
export async function takeStep(
  deps: StepDeps,
  by: Authority,
  action: Action,
  subject: Subject | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { runtime } = deps;
  const { instanceId } = action;
  if (action.kind === 'remove') return runtime.remove(instanceId, signal);
  if (action.kind === 'rest') return runtime.rest(instanceId, signal);
  if (action.kind === 'halt') return runtime.stop(instanceId, graceMs, signal);
  if (subject === undefined) return;
  const write = (change: WorkloadChange): Promise<boolean> => record(deps, by, instanceId, change);
  switch (action.kind) {
    case 'stop':
      await write({ state: 'stopped', headline: action.headline });
      return;
    case 'sleep':
      await write({ state: 'sleeping' });
      return;
    case 'restart': {
      // Only once the old container is gone is the restart made; before, it would be forgotten with a kill.
      if (!(await write({ state: 'pending' }))) return;
      await runtime.remove(instanceId, signal);
      await write({ state: 'pending', crashes: [], restartsDone: subject.stored.restarts });
      return;
    }
    case 'crash':
      return crashed(deps, by, subject, action.observed, await lastWords(deps, subject, action.observed));
    case 'attend':
      return attend(deps, by, subject, action.observed, signal);
    case 'start':
      return start(deps, by, subject, signal);
  }
}

async function start(deps: StepDeps, by: Authority, subject: Subject, signal: AbortSignal): Promise<void> {
  const { runtime, vault, db } = deps;
  const { stored, spec, secretsFrom } = subject;
  if (spec === undefined || secretsFrom === undefined) return;
  const write = (state: 'pulling' | 'starting'): Promise<boolean> => record(deps, by, stored.id, { state });
  let observed: ObservedWorkload;
  try {
    const ensured = runtime.ensureImage(spec.image, signal);
    const pulls = await Promise.race([ensured.then(() => false), sleep(pullShownAfterMs, true, { ref: false })]);
    if (pulls) await write('pulling').catch(() => false);
    await ensured;
    if (!(await write('starting'))) return;
    const values = new Map(
      [...(await readSecrets(db, stored.id))].map(([key, sealed]) => [key, openEnv(vault, stored.id, key, sealed)]),
    );
    const token = vault.open(stored.token, `hosted/${stored.id}/token`).reveal();
    observed = await runtime.start(spec, secretsFrom(values, token), signal);
  } catch (error) {
    if (signal.aborted) return;
    deps.log.warn({ err: error, instance: stored.id }, 'a hosted server cannot be started');
    const said = error instanceof AppError ? error.message : 'It cannot be started; the log of MCPNest says why.';
    return crashed(deps, by, subject, undefined, said);
  }
  return attend(deps, by, subject, observed, signal);
}

/** Wait until its bridge serves, which it does once the server behind it has answered a handshake. */
async function attend(
  deps: StepDeps,
  by: Authority,
  subject: Subject,
  observed: ObservedWorkload,
  signal: AbortSignal,
): Promise<void> {
  const { clock, probe, runtime } = deps;
  const { id, recorded } = subject.stored;
  const { endpoint } = observed;
  const began = clock.monotonic();
  while (!signal.aborted) {
    if (endpoint !== null && (await probe(endpoint, hostedHost(id)))) {
      if (signal.aborted) return;
      await record(deps, by, id, { state: 'running', endpoint, crashes: recentCrashes(recorded.crashes, clock.now()) });
      return;
    }
    if (clock.monotonic() - began >= readyWithinMs) {
      await crashed(deps, by, subject, observed, `It did not answer within ${readyWithinMs / 1_000} seconds.`);
      return runtime.stop(id, graceMs, signal);
    }
    await sleep(probeEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Record the end of a run, once, and when to try again. @param observed undefined: it did not come to run */
async function crashed(
  deps: StepDeps,
  by: Authority,
  { stored }: Subject,
  observed: ObservedWorkload | undefined,
  headline: string,
): Promise<void> {
  const { recorded } = stored;
  if (observed !== undefined && isCounted(recorded, observed)) return;
  const run = observed === undefined ? null : (observed.startedAt ?? 'never');
  const { crashes, retryAt } = afterCrash(recorded.crashes, { at: isoTime(deps.clock.now()), run });
  const state = retryAt === null ? 'failed' : 'starting';
  deps.log.warn({ instance: stored.id, state, crashes: crashes.length }, 'a hosted server has ended');
  await record(deps, by, stored.id, { state, headline, crashes, retryAt });
}

/** The last line of its error output, or what else is known of its end. */
async function lastWords(deps: StepDeps, subject: Subject, observed: ObservedWorkload): Promise<string> {
  if (observed.outOfMemory) return 'It used more memory than its size allows.';
  const fallback = observed.exitCode === null ? 'It ended.' : `It ended with exit code ${observed.exitCode}.`;
  try {
    const show = createLogText(await secretsOf(deps, subject.stored));
    let last: string | undefined;
    const wanted = { tail: headlineLines, follow: false };
    for await (const line of deps.runtime.logs(subject.stored.id, wanted, AbortSignal.timeout(5_000))) {
      const { stream, text } = show(line);
      if (stream === 'stderr' && text.trim() !== '') last = text.trim();
    }
    return last ?? fallback;
  } catch (error) {
    deps.log.debug({ err: error, instance: subject.stored.id }, 'the last words of a hosted server cannot be read');
    return fallback;
  }
}

/** Every secret a container was given, to be kept out of what it says. */
export async function secretsOf(
  { db, vault }: Pick<StepDeps, 'db' | 'vault'>,
  { id, token }: Pick<StoredInstance, 'id' | 'token'>,
): Promise<string[]> {
  const sealed = await readSecrets(db, id);
  const values = [...sealed].map(([key, text]) => openEnv(vault, id, key, text));
  return [...values, ...values.flatMap(passwordsIn), vault.open(token, `hosted/${id}/token`).reveal()];
}

const openEnv = (vault: Vault, instanceId: string, key: string, sealed: string): string => {
  const value: Secret = vault.open(sealed, `hosted/${instanceId}/env/${key}`);
  return value.reveal();
};

async function record(deps: StepDeps, by: Authority, instanceId: string, change: WorkloadChange): Promise<boolean> {
  const written = await writeWorkload(deps.db, by, instanceId, change, deps.clock.now());
  if (written) await deps.bus.publish('hosted.seen', instanceId).catch(() => undefined);
  return written;
}
