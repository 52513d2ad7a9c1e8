import { join } from 'node:path';
import { readIfThere, replaceFile } from './replace-file.ts';

const fileName = 'purged.json';

/** How many leaves of a log, from the beginning, have lost their records. */
export function purgedLeaves(logDir: string): number {
  const text = readIfThere(join(logDir, fileName));
  return text === undefined ? 0 : (JSON.parse(text) as { to: number }).to;
}

export const markPurged = (logDir: string, to: number): void =>
  replaceFile(join(logDir, fileName), `${JSON.stringify({ to })}\n`);
