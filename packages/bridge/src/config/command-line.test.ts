import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CommandLineError, splitCommandLine } from './command-line.ts';

it.each([
  [
    'npx -y @modelcontextprotocol/server-filesystem /workspace',
    ['npx', '-y', '@modelcontextprotocol/server-filesystem', '/workspace'],
  ],
  ['  a \t b\nc ', ['a', 'b', 'c']],
  ['\'a b\'c"d e"f\\ g', ['a bcd ef g']],
  ['\'\' ""', ['', '']],
  ['"a\\"b\\\\c\\nd\\$e\\`f"', ['a"b\\c\\nd$e`f']],
  ["'a\\'b", ['a\\b']],
  ['a\\\nb "c\\\nd"', ['ab', 'cd']],
  ['$HOME *.js a;b | c > d # e `f`', ['$HOME', '*.js', 'a;b', '|', 'c', '>', 'd', '#', 'e', '`f`']],
  ['', []],
])('[BRG-02] splits %j', (line, words) => {
  expect(splitCommandLine(line)).toEqual(words);
});

it.each([
  ["a 'b", 'single quote at character 3'],
  ['a "b\\"', 'double quote at character 3'],
  ['a\\', 'backslash'],
])('[BRG-02] refuses %j', (line, message) => {
  expect(() => splitCommandLine(line)).toThrow(CommandLineError);
  expect(() => splitCommandLine(line)).toThrow(message);
});

it('[BRG-02] takes whatever a shell would quote', () => {
  const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 5 });
  const single = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  const double = (word: string): string => `"${word.replace(/["\\$`]/g, '\\$&')}"`;
  fc.assert(
    fc.property(words, fc.boolean(), (all, inSingle) => {
      const line = all.map(inSingle ? single : double).join(' ');
      expect(splitCommandLine(line)).toEqual(all);
    }),
  );
});

it('[BRG-02] agrees with a shell wherever nothing is expanded', () => {
  const piece = fc.constantFrom('a', ' ', "'", '"', '\\', '-', 'b c');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const line = pieces.join('');
      let words: string[];
      try {
        words = splitCommandLine(line);
      } catch {
        return;
      }
      const print = 'for word in "$@"; do printf "%s\\037" "$word"; done';
      const shell = execFileSync('sh', ['-c', `set -- ${line}\n${print}`], { encoding: 'utf8' });
      expect(words).toEqual(shell.split('\u001f').slice(0, -1));
    }),
    { numRuns: 60 },
  );
});
