import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { Deadline } from './deadline.ts';

const movable = (): { now(): number; monotonic(): number; at: number } => ({
  at: 0,
  now() {
    return this.at;
  },
  monotonic() {
    return this.at;
  },
});

it('[edge 42] is renewed by progress, but never past the latest moment', () => {
  const clock = movable();
  const deadline = new Deadline(clock, 100, 250);
  clock.at = 80;
  expect(deadline.left).toBe(20);
  deadline.progress();
  expect(deadline.left).toBe(100);
  clock.at = 170;
  deadline.progress();
  expect(deadline.left).toBe(80);
  clock.at = 240;
  deadline.progress();
  expect(deadline.left).toBe(10);
});

it('[edge 42] is not made longer by progress where no longer time is granted', () => {
  const clock = movable();
  const deadline = new Deadline(clock, 100);
  clock.at = 60;
  deadline.progress();
  expect(deadline.left).toBe(40);
});

it('stands still while a person is asked, ten minutes in all', () => {
  const clock = movable();
  const deadline = new Deadline(clock, 100, 200);
  clock.at = 40;
  deadline.pause();
  clock.at = 300_040;
  expect(deadline.left).toBe(300_000);
  deadline.resume();
  expect(deadline.left).toBe(60);
  deadline.pause();
  clock.at += 299_000;
  expect(deadline.left).toBe(1_000);
  deadline.resume();
  expect(deadline.left).toBe(60);
});

it('rings for whoever waits last, and for nobody after that', async () => {
  const deadline = new Deadline(systemClock, 30);
  const late: string[] = [];
  deadline.arm({ late: () => late.push('first') });
  deadline.arm({ late: () => late.push('second') });
  await sleep(60);
  expect(late).toEqual(['second']);
  const silent = new Deadline(systemClock, 10);
  silent.arm({ late: () => late.push('never') });
  silent.disarm();
  silent.progress();
  await sleep(30);
  expect(late).toEqual(['second']);
});
