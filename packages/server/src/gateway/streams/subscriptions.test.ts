import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import { defaultServerLimits } from '../../domain/snapshot.ts';
import { AppError } from '../../domain/errors.ts';
import type { Decision } from '../../domain/policy.ts';
import { unlisted } from '../definitions.ts';
import type { Viewer } from './seat.ts';
import { Subscriptions, type GovernedWatch, type JudgedResource, type ResourceWatching } from './subscriptions.ts';

const server: SnapshotServer = {
  id: 's',
  slug: 'files',
  name: 'Files',
  url: 'http://127.0.0.1:1/mcp',
  prefix: null,
  revision: 1,
  credential: null,
  limits: defaultServerLimits,
};

/** A server whose resources change when the test says so. Every URI that begins with `known:` may be read. */
class Library implements ResourceWatching {
  readonly watched = new Map<string, Set<() => void>>();
  readonly denied = new Set<string>();
  delayMs = 0;
  /** What reading its list takes. */
  reading: Promise<void> = Promise.resolve();
  asked = 0;

  async judge(_: Viewer, uri: string): Promise<JudgedResource | undefined> {
    const target = { server, definition: unlisted(uri), name: uri.slice(6) };
    const decision: Decision = this.denied.has(uri)
      ? { effect: 'deny', rule: 'r', reason: 'no', visible: true }
      : { effect: 'allow', rule: 'r', wouldDeny: null };
    await this.reading;
    return uri.startsWith('known:') ? { target, decision } : undefined;
  }

  /** What a governed request does, without its row. */
  readonly governed: GovernedWatch = async (_, found, { onUpdated, isWanted }) => {
    if (found?.judged?.decision.effect !== 'allow' || !isWanted()) return undefined;
    return this.#watch(found.judged.target.name, onUpdated);
  };

  watch(): never {
    throw new Error('Only a governed request watches.');
  }

  async #watch(upstreamUri: string, onUpdated: () => void): Promise<Disposable> {
    this.asked++;
    await sleep(this.delayMs);
    if (upstreamUri === 'refused') throw new AppError('upstream_failed', 'refused');
    const listeners = this.watched.get(upstreamUri) ?? new Set();
    this.watched.set(upstreamUri, listeners.add(onUpdated));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(onUpdated);
        if (listeners.size === 0) this.watched.delete(upstreamUri);
      },
    };
  }

  update(upstreamUri: string): void {
    for (const listener of this.watched.get(upstreamUri) ?? []) listener();
  }
}

// The library does not look at who asks.
const somebody = (): Viewer => ({ held: {} }) as Viewer;

function setUp() {
  const library = new Library();
  const told: string[] = [];
  let valid = true;
  let who = somebody();
  const subscriptions = new Subscriptions({
    watching: library,
    viewer: () => (valid ? who : undefined),
    deliver: (uri) => void told.push(uri),
  });
  return { library, told, subscriptions, revoke: () => (valid = false), publish: () => (who = somebody()) };
}

const turn = (): Promise<void> => sleep(5);

describe('Subscriptions', () => {
  it('[edge 50] tells of updates by the URI its client knows, until it is taken back', async () => {
    const { library, told, subscriptions } = setUp();
    expect(await subscriptions.add('known:a', library.governed)).toBe('granted');
    expect(await subscriptions.add('known:a', library.governed)).toBe('granted');
    library.update('a');
    await turn();
    expect(told).toEqual(['known:a']);
    subscriptions.remove('known:a');
    subscriptions.remove('known:never');
    expect(library.watched.size).toBe(0);
  });

  it('does not tell a resource that is not there from one that may not be read', async () => {
    const { library, subscriptions } = setUp();
    library.denied.add('known:secret');
    expect(await subscriptions.add('known:secret', library.governed)).toBe('unknown');
    expect(await subscriptions.add('elsewhere:x', library.governed)).toBe('unknown');
    expect(library.watched.size).toBe(0);
  });

  it('[edge 50] judges again at each update: what is not allowed any longer is not spoken of', async () => {
    const { library, told, subscriptions, revoke } = setUp();
    await subscriptions.add('known:a', library.governed);
    library.denied.add('known:a');
    library.update('a');
    await sleep(300);
    library.denied.clear();
    revoke();
    library.update('a');
    await turn();
    expect(told).toEqual([]);
  });

  it('tells many updates in a row twice: the first and the last', async () => {
    const { library, told, subscriptions } = setUp();
    await subscriptions.add('known:a', library.governed);
    for (let i = 0; i < 1_000; i++) library.update('a');
    await sleep(400);
    expect(told).toEqual(['known:a', 'known:a']);
  });

  it('asks no server for what was forbidden while lists were read', async () => {
    const { library, subscriptions, publish } = setUp();
    const read = Promise.withResolvers<void>();
    library.reading = read.promise;
    const answer = subscriptions.add('known:a', library.governed);
    await turn();
    library.denied.add('known:a');
    publish();
    read.resolve();
    expect(await answer).toBe('unknown');
    expect(library.asked).toBe(0);
  });

  it('has a ceiling, and one that failed counts for nothing', async () => {
    const { library, subscriptions } = setUp();
    await expect(subscriptions.add('known:refused', library.governed)).rejects.toThrow('refused');
    for (let i = 0; i < 100; i++) expect(await subscriptions.add(`known:${i}`, library.governed)).toBe('granted');
    expect(await subscriptions.add('known:more', library.governed)).toBe('full');
    subscriptions.remove('known:0');
    expect(await subscriptions.add('known:more', library.governed)).toBe('granted');
  });

  it('leaves nothing behind when it is closed or taken back while the server is being asked', async () => {
    const { library, told, subscriptions } = setUp();
    library.delayMs = 30;
    const [first, second] = [
      subscriptions.add('known:a', library.governed),
      subscriptions.add('known:b', library.governed),
    ];
    await turn();
    subscriptions.remove('known:a');
    const again = subscriptions.add('known:a', library.governed);
    await Promise.all([first, second, again]);
    expect([...library.watched.values()].map(({ size }) => size)).toEqual([1, 1]);
    const late = subscriptions.add('known:c', library.governed);
    await turn();
    subscriptions.close();
    await late;
    expect(library.watched.size).toBe(0);
    library.update('a');
    await turn();
    expect(told).toEqual([]);
  });
});
