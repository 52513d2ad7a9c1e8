import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { processIo } from './io.ts';
import { controls } from '../control/handover/evidence-controls.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const program = createProgram(processIo(), () => undefined);

/** Whether there is such a command; where a noun has no verbs, what follows it is an argument. */
function exists(noun: string, verb: string | undefined): boolean {
  const found = program.commands.find((each) => each.name() === noun);
  if (found === undefined) return false;
  const verbs = found.commands.map((each) => each.name());
  return verb === undefined || verbs.length === 0 || verbs.includes(verb);
}

it('[AUD-09] every command that the pack names exists', () => {
  const named = controls.flatMap(({ commands }) => commands);
  const missing = named.filter((command) => !exists(command.split(' ')[1]!, command.split(' ')[2]));
  expect([named.length > 10, missing]).toEqual([true, []]);
});

it('every command that the documents and what the product says name exists', () => {
  const files = globSync(['docs/*.md', 'README.md', 'packages/*/src/**/*.ts'], { cwd: root });
  const named = files
    .filter((file) => !/\.(?:test|contract)\.ts$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(`${root}/${file}`, 'utf8');
      const commands = text.matchAll(/(?:^|[`'"(]|: |npx )mcpnest ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?(?![\w/])/gm);
      return [...commands].map(([, noun, verb]) => ({ file, noun: noun!, verb }));
    });
  expect(named.length).toBeGreaterThan(100);
  // `mcpnest control` is no command but the realm of a WWW-Authenticate field.
  const missing = named.filter(({ noun, verb }) => noun !== 'control' && !exists(noun, verb));
  expect(missing).toEqual([]);
});
