import { join } from 'node:path';
import type { ShipperHealth } from '../journal/shipper.ts';
import { openProofKeys, type KeyFiles, type ProofKeys } from './keys.ts';
import { openLog, type LogReader } from './log-reader.ts';
import { verifyLogApart } from './verify-log-apart.ts';
import type { LogReport } from './verify-folder.ts';

/** The logs of proof of a data folder, for whoever reads them. */
export interface ProofAccess {
  readonly nodeId: string;
  /** Folder of the logs. */
  readonly dir: string;
  readonly keys: ProofKeys;
  /** A log as far as its last checkpoint; undefined when it has none. To be disposed. */
  open(log: string): LogReader | undefined;
  /** Check one log on a thread of its own, as `verifyOneLog` does. */
  verify(log: string, tell: (checked: number, of: number) => void): Promise<LogReport>;
  /** What seals the records, in the process that does. */
  sealing: Sealing | undefined;
}

export interface Sealing {
  readonly health: ShipperHealth;
  /** Resolves when every record so far is under a checkpoint. */
  sealed(): Promise<void>;
}

export function openProofAccess(files: KeyFiles): ProofAccess {
  const dir = join(files.dataDir, 'proof');
  return {
    nodeId: files.nodeId,
    dir,
    keys: openProofKeys(files),
    open: (log) => openLog(dir, log),
    verify: (log, tell) => verifyLogApart(files, log, tell),
    sealing: undefined,
  };
}
