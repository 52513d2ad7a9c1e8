import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../clock.ts';
import { readIfThere, replaceFile } from './replace-file.ts';
import { splitNotes } from './note.ts';

/** The signed checkpoints of a log: the last in `checkpoint`, all of a day (UTC) in `checkpoints/<day>`. */

const last = 'checkpoint';
const all = 'checkpoints';

/** @returns false when the last one says the same already */
export function appendCheckpoint(logDir: string, note: string, now: number): boolean {
  if (readIfThere(join(logDir, last)) === note) return false;
  mkdirSync(join(logDir, all), { recursive: true, mode: 0o700 });
  // A note cut off by a crash ends here, and is no note.
  const path = join(logDir, all, isoTime(now).slice(0, 10));
  appendFileSync(path, `\n${note}`, { mode: 0o600, flush: true });
  replaceFile(join(logDir, last), note);
  return true;
}

/** The last checkpoint of a log; undefined before the first. */
export const lastCheckpoint = (logDir: string): string | undefined => readIfThere(join(logDir, last));

/** Every checkpoint a log has kept, oldest first. */
export function* everyCheckpoint(logDir: string): Generator<string> {
  let days: string[];
  try {
    days = readdirSync(join(logDir, all)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for (const day of days) yield* splitNotes(readFileSync(join(logDir, all, day), 'utf8'));
}
