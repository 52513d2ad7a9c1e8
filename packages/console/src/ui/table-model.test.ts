import { expect, it } from 'vitest';
import { compareValues, rowAfterKey, toggled } from './table-model.ts';

it('sorts numbers by size and texts as people do', () => {
  expect([10, 9, 100].toSorted(compareValues)).toEqual([9, 10, 100]);
  expect(['tool10', 'Tool2', 'tool9'].toSorted(compareValues)).toEqual(['Tool2', 'tool9', 'tool10']);
});

it('moves by keys and stays within the rows', () => {
  const to = (key: string, at: number): number | undefined => rowAfterKey(key, at, 100_000, 14);
  expect([to('j', 0), to('k', 0), to('ArrowDown', 99_999), to('PageDown', 0), to('End', 3), to('Home', 3)]).toEqual([
    1, 0, 99_999, 14, 99_999, 0,
  ]);
  expect(to('x', 0)).toBeUndefined();
  expect(rowAfterKey('j', 0, 0, 14)).toBeUndefined();
});

it('turns one row of a selection over', () => {
  const one = toggled(new Set(), 'a');
  expect([...one]).toEqual(['a']);
  expect([...toggled(one, 'a')]).toEqual([]);
});
