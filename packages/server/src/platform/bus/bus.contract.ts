import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** What every bus must do alike. */
export function describeBus(name: string, create: () => Bus | Promise<Bus>): void {
  describe(`bus on ${name}`, () => {
    let bus: Bus;
    beforeEach(async () => {
      bus = await create();
    });
    afterEach(() => bus[Symbol.asyncDispose]());

    it('tells every subscriber', async () => {
      const seen: string[] = [];
      bus.subscribe('snapshot.changed', (message) => seen.push(`a ${message}`));
      bus.subscribe('snapshot.changed', (message) => seen.push(`b ${message}`));
      await bus.publish('snapshot.changed', 'w1');
      await expect.poll(() => seen.toSorted()).toEqual(['a w1', 'b w1']);
    });

    it('publishes to nobody without failing', async () => {
      await expect(bus.publish('snapshot.changed', 'w1')).resolves.toBeUndefined();
    });

    it('does not run listeners inside publish', async () => {
      let seen = 0;
      bus.subscribe('snapshot.changed', () => seen++);
      const published = bus.publish('snapshot.changed', 'w1');
      expect(seen).toBe(0);
      await published;
      await expect.poll(() => seen).toBe(1);
    });

    it('ends a subscription with its handle and leaves the others', async () => {
      const seen: string[] = [];
      const listener = (message: string): void => void seen.push(message);
      const handle = bus.subscribe('snapshot.changed', listener);
      bus.subscribe('snapshot.changed', listener);
      handle[Symbol.dispose]();
      await bus.publish('snapshot.changed', 'w1');
      await settle();
      expect(seen).toEqual(['w1']);
    });

    it('tells nobody after it is disposed', async () => {
      const seen: string[] = [];
      bus.subscribe('snapshot.changed', (message) => seen.push(message));
      await bus.publish('snapshot.changed', 'late').then(() => bus[Symbol.asyncDispose]());
      await settle();
      expect(seen.length).toBeLessThanOrEqual(1);
      seen.length = 0;
      await bus.publish('snapshot.changed', 'w2').catch(() => undefined);
      await settle();
      expect(seen).toEqual([]);
    });
  });
}
