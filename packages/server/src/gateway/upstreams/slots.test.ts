import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

it('[REG-04] gives out so many slots, and the next to whoever waits longest', async () => {
  const slots = new Slots(2);
  expect([slots.take(), slots.take()]).toEqual([true, true]);
  const order: string[] = [];
  const waiting = ['a', 'b'].map(async (name) => {
    expect(await slots.take()).toBe(true);
    order.push(name);
  });
  slots.release();
  await waiting[0];
  slots.release();
  await waiting[1];
  expect(order).toEqual(['a', 'b']);
});

it('can be resized: what was given out stays, what is given out next follows', async () => {
  const slots = new Slots(3);
  for (let i = 0; i < 3; i++) slots.take();
  slots.resize(1);
  const next = slots.take();
  expect(next).toBeInstanceOf(Promise);
  slots.release();
  slots.release();
  expect(await Promise.race([next, 'waits'])).toBe('waits');
  slots.release();
  expect(await next).toBe(true);
  const more = [slots.take(), slots.take()];
  slots.resize(3);
  expect(await Promise.all(more)).toEqual([true, true]);
  slots.release();
  expect(slots.take()).toBe(true);
});
