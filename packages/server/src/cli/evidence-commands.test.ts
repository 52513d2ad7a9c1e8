import { expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { processIo } from './io.ts';
import { controls } from '../control/handover/evidence-controls.ts';

it('[AUD-09] every command that the pack names exists', () => {
  const program = createProgram(processIo(), () => undefined);
  for (const { commands } of controls) {
    for (const command of commands) {
      const [, noun, verb] = command.split(' ');
      const found = program.commands.find((each) => each.name() === noun);
      expect(found, command).toBeDefined();
      if (verb !== undefined)
        expect(
          found!.commands.map((each) => each.name()),
          command,
        ).toContain(verb);
    }
  }
});
