import { PassThrough, Readable } from 'node:stream';
import type { Io } from '../packages/server/src/cli/io.ts';
import { run } from '../packages/server/src/cli/run.ts';

/** How a command ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Run a command of the command line in this process. @param input what standard input says */
export async function mcpnest(args: readonly string[], environment: Record<string, string>, input = ''): Promise<Ran> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => input,
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
    askSecret: () => Promise.reject(new Error('nobody is asked')),
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  return { code: await run(args, io), out, err };
}
