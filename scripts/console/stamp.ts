import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isTestFile, listFiles } from '../lib/source-files.ts';
import { root } from '../lib/tool.ts';

/** SHA-256 of everything a build of the console is made from: sources, contract, build scripts, the lock file. */
export function sourceStamp(): string {
  const folders = ['packages/console', 'packages/contract/src', 'scripts/console'];
  const files = listFiles(root, folders, /\.(ts|tsx|css|html|svg|json)$/).filter((path) => !isTestFile(path));
  const hash = createHash('sha256');
  for (const path of ['package-lock.json', ...files]) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}
