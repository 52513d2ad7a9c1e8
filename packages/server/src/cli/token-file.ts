import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../config/env.ts';
import { UsageError } from './fault.ts';

const content = z.record(z.string(), z.string());

/** Where tokens are kept on a machine without a keychain: `tokens.json` in the person's configuration folder. */
export function tokenFile(platform: NodeJS.Platform, environment: Environment): string {
  const home = environment['HOME'] ?? homedir();
  const folder =
    (platform === 'win32' ? environment['APPDATA'] : environment['XDG_CONFIG_HOME']) ?? join(home, '.config');
  return join(folder, 'mcpnest', 'tokens.json');
}

/**
 * The tokens of the file by gateway URL; none where there is no file.
 * @throws UsageError when others may read it, or it cannot be understood
 */
export function readTokens(file: string, platform: NodeJS.Platform): ReadonlyMap<string, string> {
  let text: string;
  try {
    // Windows has no such bits; there the folder is the person's own.
    if (platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
      throw new UsageError(
        `${file} can be read by other users, so the tokens in it are not used. Run: chmod 600 ${file}`,
      );
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new Map();
    throw new UsageError(`${file} cannot be read (${code ?? 'unknown'}). Give it to the user who runs this command.`);
  }
  const parsed = content.safeParse(json(text));
  if (!parsed.success) throw new UsageError(`${file} is damaged. Remove it and store the tokens again.`);
  return new Map(Object.entries(parsed.data));
}

/** Replace the file, readable by its owner alone, in one step. */
export function writeTokens(file: string, tokens: ReadonlyMap<string, string>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(Object.fromEntries(tokens), null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(next, file);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
