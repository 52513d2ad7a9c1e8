import { expect, it } from 'vitest';
import { createHashing } from './hashing.ts';

it('[NEW-11] lets few hash at once and few wait, and serves those in turn', async () => {
  const hashing = createHashing();
  const results = await Promise.allSettled(Array.from({ length: 80 }, () => hashing.verify('of nobody', undefined)));
  const done = results.filter((result) => result.status === 'fulfilled');
  // Two at work, sixty-four in the queue.
  expect(done).toHaveLength(66);
  // Of an account that is not there the answer is no, also for the password of the decoy.
  expect(done.map((result) => result.value)).not.toContain(true);
  expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({ code: 'unavailable' });
  expect(await hashing.verify('right', await hashing.hash('right'))).toBe(true);
});
