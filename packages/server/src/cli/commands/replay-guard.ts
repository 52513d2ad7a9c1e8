import type { Server } from '@mcpnest/contract/schemas/servers';
import { UsageError } from '../fault.ts';

type Guard = Server['replayGuard'];
const modes = ['off', 'request-id', 'always'] as const;

/** `--replay-guard` and `--replay-window`; undefined where neither was given. @throws UsageError */
export function readGuard(options: {
  readonly replayGuard?: readonly string[];
  readonly replayWindow?: number;
}): Partial<Guard> | undefined {
  const { replayGuard: given, replayWindow: windowSeconds } = options;
  if (given === undefined) return windowSeconds === undefined ? undefined : { windowSeconds };
  const tools = given
    .filter((text) => text.includes('='))
    .map((text) => {
      const at = text.lastIndexOf('=');
      return { tool: text.slice(0, at), mode: readMode(text.slice(at + 1)) };
    });
  const mode = given
    .filter((text) => !text.includes('='))
    .map(readMode)
    .at(-1);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
    ...(tools.length === 0 ? {} : { tools }),
  };
}

function readMode(text: string): Guard['mode'] {
  const mode = modes.find((known) => known === text);
  if (mode === undefined) throw new UsageError(`'${text}' is no replay guard; use off, request-id or always.`);
  return mode;
}

/** A replay guard as it is given on the command line. */
export const writeGuard = ({ mode, windowSeconds, tools }: Guard): string =>
  [mode, ...tools.map((entry) => `${entry.tool}=${entry.mode}`), `for ${windowSeconds} s`].join(' ');
