import { join } from 'node:path';
import { call, denial, ending, options } from '../journal/fixture.ts';
import type { Journal } from '../journal/journal.ts';
import { openProofKeys, type ProofKeys } from './keys.ts';
import { createSealer, type Sealer } from './sealer.ts';

/** What the tests of this folder share: a data folder with a journal whose records are sealed. */

export const nodeId = 'node-1';
export const sealingKey = Buffer.alloc(32, 9);
export const startOfTests = Date.UTC(2026, 10, 21, 12);
export const dayMs = 86_400_000;

export interface Folder {
  readonly dataDir: string;
  readonly journalDir: string;
  readonly proofDir: string;
}

export const folderIn = (dataDir: string): Folder => ({
  dataDir,
  journalDir: join(dataDir, 'journal'),
  proofDir: join(dataDir, 'proof'),
});

/** Options of a journal whose wall clock is set by the test. */
export const journalAt = (folder: Folder, now: () => number, segmentBytes = 100_000) =>
  options(folder.journalDir, { clock: { now, monotonic: now }, segmentBytes });

export const keysOf = (folder: Folder, now = () => startOfTests): ProofKeys =>
  openProofKeys({ dataDir: folder.dataDir, sealingKey, nodeId, now });

export const sealerOf = (folder: Folder, now = () => startOfTests): Sealer =>
  createSealer({ journalDir: folder.journalDir, dir: folder.proofDir, nodeId, keys: keysOf(folder, now), now });

/** Seal everything there is and sign it. @returns the logs that have a new checkpoint */
export async function sealAll(sealer: Sealer): Promise<string[]> {
  while ((await sealer.step()).more);
  return sealer.checkpoint();
}

/** Calls of two workspaces in turn, with a denial now and then; the ids of the calls of the first. */
export async function recordCalls(journal: Journal, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const one = call({ workspaceId: `workspace-${(i % 2) + 1}` });
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    if (i % 2 === 0) ids.push(one.callId);
    if (i % 10 === 0) journal.denied(denial({ workspaceId: 'workspace-1' }));
  }
  await journal.flush();
  return ids;
}
