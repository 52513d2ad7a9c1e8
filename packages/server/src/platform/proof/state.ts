import { join } from 'node:path';
import type { ChainLink } from '../journal/check-lines.ts';
import type { JournalDamage, JournalPosition } from '../journal/journal.ts';
import type { LogState } from './log-writer.ts';
import { readIfThere, replaceFile } from './replace-file.ts';

/** How far all logs of a node go: everything before `position` is in them. Written whole, after what it speaks of. */
export interface SealState {
  readonly node: string;
  readonly position: JournalPosition;
  /** Where reading must begin again to know the calls that are still open. */
  readonly reread: JournalPosition;
  /** Where the journal's chain stands at `position`. */
  readonly link: ChainLink;
  readonly logs: Readonly<Record<string, LogState>>;
  /** The first record that was not what was written when its turn came. */
  readonly damage: JournalDamage | undefined;
}

const fileName = 'state.json';

/** @throws Error when the file is there but not readable as what it was */
export function readState(dir: string): SealState | undefined {
  const text = readIfThere(join(dir, fileName));
  if (text === undefined) return undefined;
  const { v, ...state } = stateOf(text);
  if (v === undefined || typeof state.logs !== 'object')
    throw new Error('The file proof/state.json is damaged. Put the whole folder proof back from a backup.');
  if (v !== 1) throw new Error(`${join(dir, fileName)} is of a newer form than this version knows.`);
  return state;
}

function stateOf(text: string): Partial<{ v: number }> & SealState {
  try {
    return (JSON.parse(text) ?? {}) as SealState;
  } catch {
    return {} as SealState;
  }
}

export const writeState = (dir: string, state: SealState): void =>
  replaceFile(join(dir, fileName), `${JSON.stringify({ v: 1, ...state })}\n`);
