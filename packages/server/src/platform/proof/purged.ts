import { join } from 'node:path';
import { readIfThere, replaceFile } from './replace-file.ts';

const fileName = 'purged.json';

/** The leaves that the last purge took, from the one and to before the other. */
interface LastPurge {
  readonly from: number;
  /** How many leaves of the log, from the beginning, have lost their records. */
  readonly to: number;
}

export function lastPurge(logDir: string): LastPurge {
  const text = readIfThere(join(logDir, fileName));
  if (text === undefined) return { from: 0, to: 0 };
  const { to, from = to } = JSON.parse(text) as { from?: number; to: number };
  return { from, to };
}

export const markPurged = (logDir: string, last: LastPurge): void =>
  replaceFile(join(logDir, fileName), `${JSON.stringify(last)}\n`);
