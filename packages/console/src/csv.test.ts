import { expect, it } from 'vitest';
import { csvOf, csvWithHeading } from './csv.ts';

it('[AUD-09] writes RFC 4180, and nothing that a spreadsheet runs', () => {
  expect(
    csvOf([
      ['name', 'calls'],
      ['a "quoted", one\nof two lines', -1],
      ['=HYPERLINK("https://evil.example")', 2],
      ['＝wide', 3],
    ]),
  ).toBe(
    'name,calls\r\n"a ""quoted"", one\nof two lines",-1\r\n"\'=HYPERLINK(""https://evil.example"")",2\r\n\'＝wide,3\r\n',
  );
});

it('[AUD-09] heads rows with their keys; what is not there is empty and what has parts is JSON', () => {
  expect(csvWithHeading([{ who: '@cmd()', none: null, gone: undefined, parts: ['a', 1], yes: true }])).toBe(
    'who,none,gone,parts,yes\r\n\'@cmd(),,,"[""a"",1]",true\r\n',
  );
  expect(csvWithHeading([])).toBe('');
});
