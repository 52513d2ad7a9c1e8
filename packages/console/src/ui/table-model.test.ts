import { expect, it } from 'vitest';
import { nextSort, rowAfterKey, sortRows, toggled } from './table-model.ts';

const columns = [{ id: 'n', header: 'N', cell: () => null, sortBy: ({ n }: { n: string | number }) => n }];

it('sorts numbers by size and texts as people do, and keeps the order of equals', () => {
  const sorted = (values: (string | number)[], descending: boolean): unknown[] =>
    sortRows(
      values.map((n) => ({ n })),
      columns,
      { column: 'n', descending },
    ).map(({ n }) => n);
  expect(sorted([10, 9, 100], false)).toEqual([9, 10, 100]);
  expect(sorted(['tool10', 'tool9'], true)).toEqual(['tool10', 'tool9']);
  const rows = [
    { n: 1, at: 0 },
    { n: 1, at: 1 },
  ];
  expect(sortRows(rows, columns, { column: 'n', descending: true })).toEqual(rows);
  expect(sortRows(rows, columns, null)).toBe(rows);
});

it('turns a column from ascending to descending to unsorted', () => {
  const first = nextSort(null, 'a');
  const second = nextSort(first, 'a');
  expect([first, second, nextSort(second, 'a')]).toEqual([
    { column: 'a', descending: false },
    { column: 'a', descending: true },
    null,
  ]);
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
