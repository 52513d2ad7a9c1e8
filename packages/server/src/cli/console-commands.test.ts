import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { processIo } from './io.ts';
import { createProgram } from './program.ts';

const folder = fileURLToPath(new URL('../../../console/src', import.meta.url));

/** Command lines that a source of the console spells, with `x` for what comes from data. */
function linesOf(file: string): readonly string[] {
  const text = readFileSync(`${folder}/${file}`, 'utf8');
  const filled = text.replaceAll(/\$\{(?:[^{}`]|`[^`]*`)*\}/g, 'x').replaceAll(/\{[a-z]+\}/g, 'x');
  // The pages of an area spell their commands without what all of them share.
  const whole = filled.replaceAll(/(?<=same=\{\[\s*)(['`])(?=[a-z])/g, '$1mcpnest ');
  const found = whole.matchAll(/(?<=[`'"(]|: )(?:npx )?(mcpnest [a-z].*?)(?:[`"]|'(?=[,});])|$)/gm);
  return [...found].map(([, line]) => line!).filter((line) => !line.startsWith('mcpnest x '));
}

/** What is wrong with a line; undefined when there is such a command and it has such options. */
function complaintOf(program: Command, line: string): string | undefined {
  let command = program;
  const words = line.split(/\s+/).slice(1);
  while (words[0] !== undefined) {
    const next = command.commands.find((each) => each.name() === words[0]);
    if (next === undefined) break;
    command = next;
    words.shift();
  }
  if (command.commands.length > 0) return `no such command: ${line}`;
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const unknown = words
    .map((word) => /^--[a-z][\w-]*/.exec(word)?.[0])
    .filter((word) => word !== undefined && word !== '--x' && !known.has(word));
  return unknown.length === 0 ? undefined : `no ${unknown.join(', ')}: ${line}`;
}

it('every command line that the console shows exists, with the options it gives', () => {
  const program = createProgram(processIo(), () => undefined);
  const files = globSync('**/*.{ts,tsx}', { cwd: folder }).filter((file) => !file.includes('.test.'));
  const lines = files.flatMap((file) => linesOf(file).map((line) => ({ file, line })));
  expect(lines.length).toBeGreaterThan(60);
  const complaints = lines.map(({ file, line }) => ({ file, complaint: complaintOf(program, line) }));
  expect(complaints.filter(({ complaint }) => complaint !== undefined)).toEqual([]);
});
