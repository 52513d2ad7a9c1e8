import { expect, it } from 'vitest';
import { newId, randomHex } from './ids.ts';

it('makes UUIDs of version 7 that sort by time and order of making and do not repeat', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => newId(1_700_000_000_000 + Math.floor(i / 7_000)));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 5_000 }, randomHex)).size).toBe(5_000);
});
