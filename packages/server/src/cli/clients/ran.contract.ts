import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { Io } from '../io.ts';
import { run } from '../run.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A person's home with a data folder in it, and the command line run there. */
export interface Home extends Disposable {
  readonly path: string;
  mcpnest(
    args: readonly string[],
    more?: { input?: string; answer?: string; env?: Record<string, string> },
  ): Promise<Ran>;
}

/** @param bootstrapped whether the data folder has an owner and the workspace acme */
export async function openHome(bootstrapped: boolean): Promise<Home> {
  const path = mkdtempSync(join(tmpdir(), 'mcpnest-home-'));
  const mcpnest: Home['mcpnest'] = async (args, { input, answer, env } = {}) => {
    let [out, err] = ['', ''];
    const io: Io = {
      environment: { HOME: path, PATH: path, MCPNEST_DATA_DIR: join(path, 'data'), ...env },
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      readInput: async () => input ?? '',
      interactive: answer !== undefined,
      ask: async () => answer ?? '',
      askSecret: async () => answer ?? '',
      streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
    };
    const code = await run(args, io);
    return { code, out, err };
  };
  if (bootstrapped) await mcpnest(['bootstrap', '--workspace', 'acme']);
  return { path, mcpnest, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
