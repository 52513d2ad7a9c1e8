import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import { verifyJournal, type Verification } from '../../packages/server/src/platform/journal/verify.ts';
import { createLocalVault } from '../../packages/server/src/platform/vault/local-key.ts';

/** Check the journal of a data folder with the key of that folder, as an auditor with a copy of both would. */
export function verifyFolder(dataDir: string): Verification {
  const vault = createLocalVault(new Secret(readFileSync(join(dataDir, 'secret.key'), 'utf8').trim()));
  return verifyJournal(join(dataDir, 'journal'), vault.deriveKey('journal'));
}
