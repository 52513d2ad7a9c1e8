import { CommanderError } from 'commander';
import { exit, explainFault } from './fault.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';

/**
 * Run one command line.
 * @param args without interpreter and script
 * @returns the exit code: 0 done, 1 failed, 2 used wrongly, 3 not permitted, 4 not found, 5 conflict
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = exit.ok;
  try {
    await createProgram(io, (code) => void (exitCode = code)).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong already, with the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
    const fault = explainFault(error);
    const red = io.interactive && !io.environment.NO_COLOR;
    io.err(`${red ? '\u001b[31merror:\u001b[39m' : 'error:'} ${fault.message}\n`);
    if (fault.hint !== undefined) io.err(`hint: ${fault.hint}\n`);
    return fault.exitCode;
  }
}
