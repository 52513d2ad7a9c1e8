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
  for (let i = 0; i < 3; i++) expect(slots.take()).toBe(true);
  slots.resize(1);
  const next = slots.take();
  expect(next).toBeInstanceOf(Promise);
  slots.release();
  slots.release();
  let settled = false;
  void Promise.resolve(next).then(() => (settled = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(settled).toBe(false);
  slots.release();
  expect(await next).toBe(true);
  const [one, two] = [slots.take(), slots.take()];
  slots.resize(3);
  expect([await one, await two]).toEqual([true, true]);
  slots.release();
  expect(slots.take()).toBe(true);
});
