import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCrash, mayFollow } from '../domain/hosted/workload.ts';
import { outdated, plan, settleMs, type Action, type DesiredWorkload, type RecordedWorkload } from './plan.ts';
import type { ObservedWorkload } from './runtimes/runtime.ts';

const now = Date.UTC(2026, 10, 21, 12);
const endpoint = { host: '10.0.0.1', port: 8_080 };

const recorded = (more: Partial<RecordedWorkload> = {}): RecordedWorkload => ({
  ...{ state: 'running', since: now - 60_000, headline: null, endpoint, crashes: [], retryAt: null, restartsDone: 0 },
  ...more,
});
const desired = (more: Partial<DesiredWorkload> = {}): DesiredWorkload => ({
  ...{
    instanceId: 'a',
    blocked: null,
    specHash: 'h',
    restarts: 0,
    woken: false,
    sleepsAt: null,
    pausedUntil: now + 60_000,
  },
  recorded: recorded(),
  ...more,
});
const observed = (more: Partial<ObservedWorkload> = {}): ObservedWorkload => ({
  ...{ instanceId: 'a', workspaceId: 'w', specHash: 'h', state: 'running', exitCode: null, outOfMemory: false },
  ...{ startedAt: '2026-11-21T11:59:00.000Z', endpoint },
  ...more,
});
const exited = observed({ state: 'exited', exitCode: 1, endpoint: null });
const paused = observed({ state: 'paused', endpoint: null });
const asleep = recorded({ state: 'sleeping', endpoint: null });
const counted = [{ at: '2026-11-21T11:59:59.000Z', run: exited.startedAt }];

describe('one instance', () => {
  const cases: [string, Partial<DesiredWorkload>, ObservedWorkload | undefined, Action['kind'] | undefined][] = [
    ['new', { recorded: recorded({ state: 'pending', endpoint: null }) }, undefined, 'start'],
    ['as it shall be', {}, observed(), undefined],
    ['gone', {}, undefined, 'start'],
    ['of another spec', {}, observed({ specHash: 'x' }), 'start'],
    ['running, not yet serving', { recorded: recorded({ state: 'starting' }) }, observed(), 'attend'],
    ['moved', {}, observed({ endpoint: { ...endpoint, port: 1 } }), 'attend'],
    ['made and not started', {}, observed({ state: 'created', startedAt: null }), 'start'],
    ['crashed', {}, exited, 'crash'],
    ['crashed and counted', { recorded: recorded({ crashes: counted }) }, exited, 'start'],
    ['left alone', { recorded: recorded({ crashes: counted, retryAt: now + 1 }) }, exited, undefined],
    ['failed', { recorded: recorded({ state: 'failed' }) }, exited, undefined],
    ['failed and running', { recorded: recorded({ state: 'failed' }) }, observed(), 'halt'],
    ['failed, restart asked for', { restarts: 1, recorded: recorded({ state: 'failed' }) }, exited, 'restart'],
    ['blocked', { blocked: 'no' }, observed(), 'stop'],
    [
      'blocked and recorded',
      { blocked: 'no', recorded: recorded({ state: 'stopped', headline: 'no' }) },
      observed(),
      'remove',
    ],
    [
      'blocked and gone',
      { blocked: 'no', recorded: recorded({ state: 'stopped', headline: 'no' }) },
      undefined,
      undefined,
    ],
    ['no longer blocked', { recorded: recorded({ state: 'stopped', headline: 'no' }) }, undefined, 'start'],
    ['idle', { sleepsAt: now }, observed(), 'sleep'],
    ['not yet idle', { sleepsAt: now + 1 }, observed(), undefined],
    ['asleep', { recorded: recorded({ state: 'sleeping' }) }, undefined, undefined],
    ['just asleep', { recorded: recorded({ state: 'sleeping', since: now }) }, observed(), undefined],
    ['asleep and running', { recorded: recorded({ state: 'sleeping', since: now - settleMs }) }, observed(), 'rest'],
    ['asleep and paused', { recorded: asleep }, paused, undefined],
    ['asleep and ended', { recorded: asleep }, exited, 'remove'],
    ['asleep and half made', { recorded: asleep }, observed({ state: 'created', startedAt: null }), 'remove'],
    ['asleep for long and paused', { recorded: asleep, pausedUntil: now }, paused, 'remove'],
    ['asleep for long and running', { recorded: asleep, pausedUntil: now }, observed(), 'remove'],
    ['asleep and paused, of another spec', { recorded: asleep, specHash: 'other' }, paused, 'remove'],
    ['asleep and paused, outdated', { recorded: asleep, specHash: null }, paused, 'remove'],
    ['woken', { woken: true, recorded: recorded({ state: 'sleeping' }) }, undefined, 'start'],
    ['woken from its pause', { woken: true, recorded: asleep }, paused, 'start'],
    ['woken at the end of its pause', { woken: true, recorded: asleep, pausedUntil: now }, paused, 'start'],
    ['woken before it was paused', { woken: true, recorded: asleep }, observed(), 'start'],
    ['paused, and shall run', {}, paused, 'start'],
    ['failed and paused', { recorded: recorded({ state: 'failed' }) }, paused, 'halt'],
    [
      'blocked, recorded and paused',
      { blocked: 'no', recorded: recorded({ state: 'stopped', headline: 'no' }) },
      paused,
      'remove',
    ],
    ['outdated and running', { specHash: null }, observed({ specHash: 'old' }), undefined],
    ['outdated and gone', { specHash: null }, undefined, 'stop'],
    [
      'outdated, told so and paused',
      { specHash: null, recorded: recorded({ state: 'stopped', headline: outdated }) },
      paused,
      'remove',
    ],
    [
      'outdated and told so',
      { specHash: null, recorded: recorded({ state: 'stopped', headline: outdated }) },
      undefined,
      undefined,
    ],
  ];
  it.each(cases)('[ORC-10] %s', (_, change, found, kind) => {
    const [action] = plan([desired(change)], found === undefined ? [] : [found], now);
    expect(action?.kind).toBe(kind);
  });

  it('[HST-08] what nobody wants is removed', () => {
    expect(plan([], [observed()], now)).toEqual([{ kind: 'remove', instanceId: 'a' }]);
  });
});

/** What the steps do to a world in which everything works. */
class World {
  readonly desired = new Map<string, DesiredWorkload>();
  readonly observed = new Map<string, ObservedWorkload>();
  at = now;
  #runs = 0;

  step(): readonly Action[] {
    const actions = plan([...this.desired.values()], [...this.observed.values()], this.at);
    for (const action of actions) this.#take(action);
    return actions;
  }

  #take(action: Action): void {
    const { instanceId: id } = action;
    switch (action.kind) {
      case 'remove':
        return void this.observed.delete(id);
      case 'rest': {
        const run = this.observed.get(id)!;
        return void this.observed.set(id, { ...run, state: 'paused', endpoint: null });
      }
      case 'halt': {
        const run = this.observed.get(id)!;
        return void this.observed.set(id, { ...run, state: 'exited', endpoint: null });
      }
      case 'stop':
        return this.#record(id, { state: 'stopped', headline: action.headline, endpoint: null });
      case 'sleep':
        return this.#record(
          id,
          { state: 'sleeping', endpoint: null, since: this.at },
          { woken: false, sleepsAt: null, pausedUntil: this.at + 60_000 },
        );
      case 'restart':
        this.observed.delete(id);
        return this.#record(id, {
          state: 'pending',
          endpoint: null,
          crashes: [],
          retryAt: null,
          restartsDone: this.desired.get(id)!.restarts,
        });
      case 'crash': {
        const { crashes } = this.desired.get(id)!.recorded;
        const run = action.observed.startedAt ?? 'never';
        const after = afterCrash(crashes, { at: new Date(this.at).toISOString(), run });
        return this.#record(id, { state: after.retryAt === null ? 'failed' : 'starting', endpoint: null, ...after });
      }
      case 'start':
      case 'attend': {
        const known = this.observed.get(id);
        const { specHash } = this.desired.get(id)!;
        if (known?.state === 'paused' && known.specHash === specHash) {
          this.observed.set(id, { ...known, state: 'running', endpoint });
        } else if (known?.state !== 'running' || (specHash !== null && known.specHash !== specHash)) {
          const startedAt = new Date(this.at + ++this.#runs).toISOString();
          this.observed.set(id, observed({ instanceId: id, startedAt, specHash: specHash ?? 'h' }));
        }
        const at = this.observed.get(id)!.endpoint;
        return this.#record(id, { state: 'running', endpoint: at, retryAt: null, headline: null }, { woken: false });
      }
    }
  }

  #record(id: string, change: Partial<RecordedWorkload>, more: Partial<DesiredWorkload> = {}): void {
    const one = this.desired.get(id)!;
    this.desired.set(id, { ...one, ...more, recorded: { ...one.recorded, ...change } });
  }
}

const states = ['pending', 'pulling', 'starting', 'running', 'sleeping', 'stopped', 'failed'] as const;
const id = fc.constantFrom('a', 'b', 'c', 'd');
const anyRecorded = fc.record({
  state: fc.constantFrom(...states),
  since: fc.constantFrom(now, now - 60_000),
  headline: fc.constantFrom(null, 'no', outdated),
  endpoint: fc.constantFrom(null, endpoint),
  crashes: fc.constantFrom([], counted),
  retryAt: fc.constantFrom(null, now - 1, now + 5_000),
  restartsDone: fc.constantFrom(0, 1),
});
const anyDesired = fc.record({
  instanceId: id,
  blocked: fc.constantFrom(null, 'no'),
  specHash: fc.constantFrom('h', 'other', null),
  restarts: fc.constantFrom(0, 1),
  woken: fc.boolean(),
  sleepsAt: fc.constantFrom(null, now - 1, now + 60_000),
  pausedUntil: fc.constantFrom(now - 1, now + 20_000, now + 3_600_000),
  recorded: anyRecorded,
});
const anyObserved = fc.record({
  instanceId: id,
  state: fc.constantFrom('created', 'running', 'paused', 'exited'),
  specHash: fc.constantFrom('h', 'other', 'old'),
  startedAt: fc.constantFrom(null, exited.startedAt, '2026-11-21T11:00:00.000Z'),
  endpoint: fc.constantFrom(null, endpoint),
});

describe('[ORC-01] from any state', () => {
  it('comes to rest with what is wanted and nothing else, and plans the same for the same', () => {
    fc.assert(
      fc.property(fc.array(anyDesired, { maxLength: 5 }), fc.array(anyObserved, { maxLength: 5 }), (wanted, found) => {
        const world = new World();
        for (const one of wanted) world.desired.set(one.instanceId, one);
        for (const one of found) world.observed.set(one.instanceId, observed(one));
        const inputs = [[...world.desired.values()], [...world.observed.values()], now] as const;
        expect(plan(...inputs)).toEqual(plan(...inputs));
        expect(new Set(plan(...inputs).map((action) => action.instanceId)).size).toBe(plan(...inputs).length);
        let steps = 0;
        let rest = 0;
        while (rest < 2 && steps++ < 40) {
          rest = world.step().length === 0 ? rest + 1 : 0;
          world.at += 5_000;
        }
        expect(steps).toBeLessThan(40);
        for (const workload of world.observed.values()) expect(world.desired.has(workload.instanceId)).toBe(true);
        for (const { instanceId, blocked, recorded: end } of world.desired.values()) {
          const kept = world.observed.get(instanceId)?.state;
          const running = kept === 'running';
          if (blocked !== null) expect([end.state, world.observed.has(instanceId)]).toEqual(['stopped', false]);
          if (end.state === 'running') expect(running).toBe(true);
          if (['sleeping', 'stopped', 'failed'].includes(end.state)) expect(running).toBe(false);
          expect(['running', 'sleeping', 'stopped', 'failed']).toContain(end.state);
          if (kept === 'paused') expect(end.state).toBe('sleeping');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('[ORC-10] crashes', () => {
  it('are waited for longer each time, up to five in ten minutes', () => {
    let crashes: ReturnType<typeof afterCrash>['crashes'] = [];
    const waits = [1, 2, 3, 4, 5].map((second) => {
      const after = afterCrash(crashes, { at: new Date(now + second * 1_000).toISOString(), run: String(second) });
      crashes = after.crashes;
      return after.retryAt === null ? null : after.retryAt - (now + second * 1_000);
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, null]);
    const later = afterCrash(crashes.slice(0, 4), { at: new Date(now + 11 * 60_000).toISOString(), run: 'x' });
    expect(later).toMatchObject({ retryAt: now + 11 * 60_000 + 1_000, crashes: { length: 1 } });
  });

  it('lead to states that may follow', () => {
    expect(mayFollow('running', 'starting')).toBe(true);
    expect(mayFollow('failed', 'running')).toBe(false);
    expect(mayFollow('sleeping', 'running')).toBe(false);
  });
});
