import { describe, expect, it } from 'vitest';
import { ReplayMemory, type ReplayLimits } from './replay-memory.ts';

function memory(limits: Partial<ReplayLimits> = {}) {
  let now = 0;
  const replays = new ReplayMemory({ now: () => now, monotonic: () => now }, limits);
  const claim = (key: string, caller = 'ada', windowMs = 1_000) =>
    replays.claim(key, caller, { callId: `call-${key}`, at: now }, windowMs);
  const answered = (text: string) => ({ kind: 'answered', bytes: Buffer.from(text) }) as const;
  return {
    replays,
    claim,
    answered,
    advance: (ms: number) => void (now += ms),
    kindOf: (key: string) => replays.find(key)?.ended?.kind ?? (replays.find(key) === undefined ? 'none' : 'running'),
  };
}

describe('the memory of calls that may be repeated', () => {
  it('[NEW-12] knows a call while it runs, however long that takes, and its end until the window is over', () => {
    const { claim, answered, advance, kindOf, replays } = memory();
    const first = claim('a');
    advance(5_000);
    expect(kindOf('a')).toBe('running');
    const second = claim('b');
    second.settle(answered('{}'));
    advance(999);
    expect(kindOf('b')).toBe('answered');
    advance(1);
    expect(kindOf('b')).toBe('none');
    first.settle({ kind: 'unknown' });
    expect(kindOf('a')).toBe('none');
    expect([replays.size, replays.bytes]).toEqual([0, 0]);
  });

  it('[NEW-12] forgets what took no effect, and tells it to those who waited', async () => {
    const { claim, kindOf, replays } = memory();
    const first = claim('a');
    const waiting = replays.find('a')!.wait(1_000);
    const error = new Error('connect');
    first.abandon(error);
    first.settle({ kind: 'unknown' });
    expect(await waiting).toEqual({ kind: 'failed', error });
    expect(kindOf('a')).toBe('none');
  });

  it('[NEW-12] lets so many wait, for so long', async () => {
    const { claim, answered, replays } = memory({ mostWaiting: 2 });
    const first = claim('a');
    const entry = replays.find('a')!;
    const waiting = [entry.wait(5_000), entry.wait(10), entry.wait(5_000)];
    expect(await waiting[2]).toBeUndefined();
    expect(await waiting[1]).toBeUndefined();
    first.settle(answered('{"a":1}'));
    expect(await waiting[0]).toMatchObject({ kind: 'answered' });
    expect(await entry.wait(1)).toMatchObject({ kind: 'answered' });
  });

  it('[NEW-12] keeps no answer that is too large, and drops the ones used least recently', () => {
    const { claim, answered, kindOf, replays } = memory({ mostBytes: 10, mostBytesInAll: 20 });
    claim('large').settle(answered('x'.repeat(11)));
    expect(kindOf('large')).toBe('dropped');
    for (const key of ['a', 'b']) claim(key).settle(answered('x'.repeat(10)));
    expect(replays.bytes).toBe(20);
    replays.find('a');
    claim('c').settle(answered('x'.repeat(10)));
    expect(['a', 'b', 'c'].map(kindOf)).toEqual(['answered', 'dropped', 'answered']);
    expect(replays.bytes).toBe(20);
  });

  it('[NEW-12] holds so many calls of one caller, whose flood takes nothing from others', () => {
    const { claim, kindOf, replays } = memory({ mostPerCaller: 3 });
    claim('bo-1', 'bo').settle({ kind: 'unknown' });
    for (let i = 0; i < 10; i++) claim(`ada-${i}`).settle({ kind: 'unknown' });
    expect(replays.size).toBe(4);
    expect(['bo-1', 'ada-6', 'ada-9'].map(kindOf)).toEqual(['unknown', 'none', 'unknown']);
  });

  it('[NEW-12] forgets no call that runs to make room', () => {
    const { claim, kindOf } = memory({ mostPerCaller: 2 });
    claim('runs');
    claim('ended').settle({ kind: 'unknown' });
    claim('next');
    expect(['runs', 'ended', 'next'].map(kindOf)).toEqual(['running', 'none', 'running']);
  });

  it('keeps a copy, since an answer may be a piece of something larger', () => {
    const { claim, replays } = memory();
    const large = Buffer.alloc(1_000, 'x');
    claim('a').settle({ kind: 'answered', bytes: large.subarray(0, 3) });
    large.fill('y');
    const ended = replays.find('a')?.ended;
    expect(ended?.kind === 'answered' ? ended.bytes.toString() : '').toBe('xxx');
  });
});
