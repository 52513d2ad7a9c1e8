import { expect, it } from 'vitest';
import { csvOf } from './csv.ts';

it('writes RFC 4180, and no formula', () => {
  expect(
    csvOf([
      ['name', 'calls'],
      ['a "quoted", one\nof two lines', -1],
      ['=HYPERLINK("https://evil.example")', 2],
      ['@sum', 3],
      ['＝sum', 4],
      ['\n=sum', 5],
    ]),
  ).toBe(
    'name,calls\r\n"a ""quoted"", one\nof two lines",-1\r\n"\'=HYPERLINK(""https://evil.example"")",2\r\n\'@sum,3\r\n\'＝sum,4\r\n"\'\n=sum",5\r\n',
  );
});
