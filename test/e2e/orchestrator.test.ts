import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, testEntry } from '../../packages/server/src/domain/hosted/entries.contract.ts';
import { startKit, type Kit } from '../../packages/server/src/control/kit.contract.ts';
import { unavailable } from '../../packages/server/src/domain/errors.ts';
import { createMeter } from '../../packages/server/src/orchestrator/meter.ts';
import { createReconciler, type Reconciler } from '../../packages/server/src/orchestrator/reconcile.ts';
import { createDialer } from '../../packages/server/src/platform/dialer.ts';
import { createHealthProbe } from '../../packages/server/src/platform/health-probe.ts';
import { createLog } from '../../packages/server/src/platform/log.ts';
import { everythingArgv, until } from '../bridge.ts';
import { createProcessRuntime, type Meddle } from '../process-runtime.ts';

/** The loop itself against real processes: what is killed at any step, or loses its lease, is made good by the next. */
const entry = { ...testEntry, command: everythingArgv, variables: [] };
const body = { workspace: 'acme', slug: 'files', env: {} };
const never = new Promise<void>(() => undefined);

class Stage implements AsyncDisposable {
  readonly kit: Kit;
  readonly runs: ReturnType<typeof createProcessRuntime>['runs'] = new Map();
  /** How often a pass was asked for. */
  looks = 0;
  #late = 0;
  readonly clock = { now: () => Date.now() + this.#late, monotonic: () => performance.now() };

  constructor(kit: Kit) {
    this.kit = kit;
  }

  static async open(): Promise<Stage> {
    const kit = await startKit(undefined, [], { catalogue: [entry], runtime: 'docker' });
    await kit.allowHosting();
    return new Stage(kit);
  }

  /** A process with a reconciler. Killed, it is simply not called any more. */
  process(meddle?: Meddle): Reconciler & { readonly measure: ReturnType<typeof createMeter> } {
    const runtime = createProcessRuntime({ runs: this.runs, keep: true, ...(meddle === undefined ? {} : { meddle }) });
    const { db } = this.kit.database;
    const { bus, vault } = { bus: this.kit.courier.bus, vault: this.kit.vault };
    const deps = { db, bus, vault, clock: this.clock, log: createLog('silent'), runtime, catalogue: [entry] };
    const made = createReconciler({
      ...deps,
      probe: createHealthProbe(createDialer()),
      lookAgain: () => void this.looks++,
    });
    return Object.assign(made, { measure: createMeter(deps) });
  }

  /** Time passes for everybody, as long as it takes until a lease has run out. */
  wait(ms: number): void {
    this.#late += ms;
  }

  async state(id: string): Promise<string | undefined> {
    const query = this.kit.database.db.selectFrom('hosted_workloads').select('state').where('instance_id', '=', id);
    return (await query.executeTakeFirst())?.state;
  }

  /** It sleeps after five minutes without a call. */
  async deploySleepy(): Promise<string> {
    const hosting = { idleMinutes: 5 };
    await this.kit.owner.workspaces.update({ params: { workspace: 'acme' }, body: { settings: { hosting } } });
    return await this.deploy();
  }

  /** As a call does. */
  async wake(id: string): Promise<void> {
    const row = { instance_id: id, asked_at: '2026-11-21T12:00:00.000Z' };
    await this.kit.database.db.insertInto('hosted_wakes').values(row).execute();
  }

  deploy = async (): Promise<string> => (await this.kit.owner.hosted.deploy({ body })).instance_id;

  async settles(loop: Reconciler, holds: () => Promise<boolean> | boolean): Promise<void> {
    await until(async () => {
      await loop.pass();
      return holds();
    }, 'it settles');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await createProcessRuntime({ runs: this.runs })[Symbol.asyncDispose]();
    await this.kit[Symbol.asyncDispose]();
  }
}

let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

describe('[ORC-01] an orchestrator that is killed', () => {
  it.each(['list', 'ensureImage', 'start'])('after %s is followed by one that finishes what it began', async (verb) => {
    stage = await Stage.open();
    const id = await stage.deploy();
    let reached = false;
    const dies = stage.process((name) => (name === verb ? ((reached = true), never) : undefined));
    void dies.pass();
    await until(() => reached, `${verb} was called`);
    const next = stage.process();
    if (verb !== 'list') expect(await next.pass()).toBe(false);
    stage.wait(16_000);
    await stage.settles(next, async () => (await stage.state(id)) === 'running');
    expect([...stage.runs.keys()]).toEqual([id]);
    await next[Symbol.asyncDispose]();
  });

  it.each(['restart', 'terminate'] as const)('during %s leaves nothing of the old run', async (order) => {
    stage = await Stage.open();
    const id = await stage.deploy();
    const first = stage.process();
    await stage.settles(first, async () => (await stage.state(id)) === 'running');
    const before = stage.runs.get(id)!.child.pid;
    await first[Symbol.asyncDispose]();
    await stage.kit.owner.hosted[order]({ params: { instance: id } });
    let reached = false;
    const dies = stage.process((name) => (name === 'remove' ? ((reached = true), never) : undefined));
    void dies.pass();
    await until(() => reached, 'it was removed');
    stage.wait(16_000);
    const next = stage.process();
    if (order === 'terminate') await stage.settles(next, () => stage.runs.size === 0);
    else
      await stage.settles(
        next,
        async () => (await stage.state(id)) === 'running' && stage.runs.get(id)?.child.pid !== before,
      );
    await next[Symbol.asyncDispose]();
  });
});

it('[ORC-01] one that comes back after its lease has been taken over changes nothing any more', async () => {
  stage = await Stage.open();
  const id = await stage.deploy();
  const held = Promise.withResolvers<void>();
  let waits = false;
  const old = stage.process((name) => (name === 'ensureImage' ? ((waits = true), held.promise) : undefined));
  await old.pass();
  await until(() => waits, 'it waits for the image');
  stage.wait(16_000);
  const next = stage.process();
  await stage.settles(next, async () => (await stage.state(id)) === 'running');
  const pid = stage.runs.get(id)!.child.pid;
  held.resolve();
  await old.idle();
  expect([await stage.state(id), stage.runs.get(id)!.child.pid]).toEqual(['running', pid]);
  expect(await old.pass()).toBe(false);
  await next[Symbol.asyncDispose]();
});

it('[ORC-02][HST-13] a revoked image stops what runs from it; what ran is measured', async () => {
  stage = await Stage.open();
  const id = await stage.deploy();
  const loop = stage.process();
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  await loop.pass();
  await loop.measure(loop.running);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await loop.measure(loop.running);
  const { items } = await stage.kit.owner.hosted.usage({ params: { instance: id } });
  expect(items).toMatchObject([
    { running_seconds: 1, memory_peak_bytes: 50_000_000, memory_megabyte_seconds: 48, calls: 0 },
  ]);
  expect(items[0]!.cpu_seconds).toBeGreaterThan(0.05);
  const [image] = (await stage.kit.owner.hostedImages.list()).items;
  expect(image!.digest).toBe(digestOf('a'));
  await stage.kit.owner.hostedImages.revoke({ params: { image: image!.id } });
  await stage.settles(loop, () => stage.runs.size === 0);
  expect(await stage.kit.owner.hosted.show({ params: { instance: id } })).toMatchObject({
    state: 'stopped',
    headline: 'Its image is not allowed any more.',
  });
  await loop[Symbol.asyncDispose]();
});

it('an instance nobody calls falls asleep; a wake lets it go on, and after an hour starts it anew', async () => {
  stage = await Stage.open();
  const id = await stage.deploySleepy();
  const loop = stage.process();
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  stage.wait(4 * 60_000);
  await loop.pass();
  await loop.idle();
  expect(await stage.state(id)).toBe('running');
  stage.wait(61_000);
  await stage.settles(loop, async () => (await stage.state(id)) === 'sleeping');
  const { child } = stage.runs.get(id)!;
  expect([stage.runs.get(id)!.paused, loop.running.has(id)]).toEqual([false, true]);
  stage.wait(3_000);
  await stage.settles(loop, () => stage.runs.get(id)!.paused);
  await loop.pass();
  expect(loop.running.has(id)).toBe(false);
  const { db } = stage.kit.database;
  await stage.wake(id);
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  expect(await db.selectFrom('hosted_wakes').selectAll().execute()).toEqual([]);
  expect([stage.runs.get(id)!.paused, stage.runs.get(id)!.child]).toEqual([false, child]);

  stage.wait(6 * 60_000);
  await stage.settles(loop, async () => (await stage.state(id)) === 'sleeping');
  stage.wait(59 * 60_000);
  await stage.settles(loop, () => stage.runs.get(id)?.paused === true);
  stage.wait(60_000);
  await stage.settles(loop, () => stage.runs.size === 0);
  expect(await stage.state(id)).toBe('sleeping');
  await stage.wake(id);
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  await loop[Symbol.asyncDispose]();
}, 60_000);

it('a wake that comes while an instance is put to rest is followed as soon as it rests', async () => {
  stage = await Stage.open();
  const id = await stage.deploySleepy();
  const held = Promise.withResolvers<void>();
  const loop = stage.process((verb) => (verb === 'rest' ? held.promise : undefined));
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  stage.wait(6 * 60_000);
  await stage.settles(loop, async () => (await stage.state(id)) === 'sleeping');
  stage.wait(3_000);
  await stage.settles(loop, () => stage.runs.get(id)!.paused);
  await stage.wake(id);
  const { looks } = stage;
  await loop.pass();
  held.resolve();
  await until(() => stage.looks > looks, 'it looks again');
  await stage.settles(loop, async () => (await stage.state(id)) === 'running');
  await loop[Symbol.asyncDispose]();
});

it('a step that fails is taken again at the next pass and no sooner, however many fail', async () => {
  stage = await Stage.open();
  const { db } = stage.kit.database;
  const { bus, vault } = { bus: stage.kit.courier.bus, vault: stage.kit.vault };
  const left = { workspaceId: 'w', specHash: '', state: 'created', endpoint: null } as const;
  const observed = ['one', 'two', 'three'].map((instanceId) => {
    return { ...left, instanceId, exitCode: null, outOfMemory: false, startedAt: null };
  });
  let removals = 0;
  const runtime = {
    ...createProcessRuntime(),
    list: () => Promise.resolve(observed),
    async remove(): Promise<void> {
      await sleep(5 * ++removals);
      throw unavailable('The container engine is busy.');
    },
  };
  let passing = Promise.resolve(true);
  const loop: Reconciler = createReconciler({
    ...{ db, bus, vault, clock: stage.clock, log: createLog('silent'), runtime, catalogue: [entry] },
    probe: createHealthProbe(createDialer()),
    lookAgain: () => void (passing = passing.then(() => loop.pass())),
  });
  await loop.pass();
  await loop.pass();
  await loop.idle();
  await sleep(300);
  await passing;
  expect(removals).toBe(observed.length);
  await loop.pass();
  await loop.idle();
  expect(removals).toBe(2 * observed.length);
  await loop[Symbol.asyncDispose]();
});

describe('one that rests', () => {
  let loop: Reconciler;
  let id: string;
  beforeEach(async () => {
    stage = await Stage.open();
    id = await stage.deploySleepy();
    loop = stage.process();
    await stage.settles(loop, async () => (await stage.state(id)) === 'running');
    stage.wait(6 * 60_000);
    await stage.settles(loop, async () => (await stage.state(id)) === 'sleeping');
    stage.wait(3_000);
    await stage.settles(loop, () => stage.runs.get(id)!.paused);
  });
  afterEach(() => loop[Symbol.asyncDispose]());

  it('and is killed has not crashed: what is left is removed, and a wake starts it anew', async () => {
    const { child } = stage.runs.get(id)!;
    child.kill('SIGKILL');
    await until(() => child.signalCode === 'SIGKILL', 'it is dead');
    await stage.settles(loop, () => stage.runs.size === 0);
    expect(await stage.state(id)).toBe('sleeping');
    await stage.wake(id);
    await stage.settles(loop, async () => (await stage.state(id)) === 'running');
    expect(await stage.kit.owner.hosted.show({ params: { instance: id } })).toMatchObject({ crashes: 0 });
  });

  it('and is let go on by somebody else rests again', async () => {
    const run = stage.runs.get(id)!;
    run.paused = false;
    run.child.kill('SIGCONT');
    await stage.settles(loop, () => run.paused);
    expect(await stage.state(id)).toBe('sleeping');
  });

  it('[HST-08] is ended like any other', async () => {
    const { child } = stage.runs.get(id)!;
    await stage.kit.owner.hosted.terminate({ params: { instance: id } });
    await stage.settles(loop, () => stage.runs.size === 0);
    expect(child.exitCode ?? child.signalCode).not.toBeNull();
  });

  it('[ORC-09] is removed where hosting is switched off', async () => {
    const hosting = { orchestratorEnabled: false };
    await stage.kit.owner.workspaces.update({ params: { workspace: 'acme' }, body: { settings: { hosting } } });
    await stage.settles(loop, () => stage.runs.size === 0);
    expect(await stage.state(id)).toBe('stopped');
  });
});
