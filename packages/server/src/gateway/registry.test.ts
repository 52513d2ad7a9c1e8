import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Registry } from './registry.ts';

it('holds exactly what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20))), (steps) => {
      const registry = new Registry<number>();
      const present = new Map<number, () => void>();
      for (const [adding, key] of steps) {
        if (adding && !present.has(key)) present.set(key, registry.add(key));
        else {
          const remove = present.get(key);
          remove?.();
          remove?.();
          present.delete(key);
        }
        expect(registry.size).toBe(present.size);
        expect(registry.values().toSorted()).toEqual([...present.keys()].toSorted());
      }
    }),
  );
});
