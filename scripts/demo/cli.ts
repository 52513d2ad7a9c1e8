import { join } from 'node:path';

import { Problem } from '../lib/steps.ts';
import { root, runNode } from '../lib/tool.ts';

/** The CLI's exit code for what exists already or does not fit the present state. */
export const exitConflict = 5;

/** A command of the CLI that failed; what it said is the message. */
export class CliError extends Problem {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** With a key in the environment the CLI would talk to another server instead of this data folder. */
const localOnly = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^MCPNEST_(API_KEY|API_KEY_FILE|URL)$/.test(name)),
);

/**
 * Run a command of the product's own CLI in local mode, exactly as an operator would, and read its JSON.
 * @throws CliError with the exit code and what the command said
 */
export async function mcpnest<T>(...args: readonly string[]): Promise<T> {
  const { code, output, errors } = await runNode([join(root, 'packages/server/src/cli.ts'), ...args], {
    env: localOnly,
  });
  if (code !== 0) throw new CliError(code, errors.trim() === '' ? output.trim() : errors.trim());
  return (output.trim() === '' ? undefined : JSON.parse(output)) as T;
}
