import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isTestFile, listFiles } from '../lib/source-files.ts';

/** Lines a file may have. A longer one usually holds a second thing that wants a file of its own. */
const sourceLimit = 400;
const testLimit = 600;

/** Long by nature: one table per row, one entry per promise. */
const exempt = /\/schema\.ts$|\/migrations\/|^packages\/contract\/|\.generated\.|^test\/requirements/;

/** Every file over its limit, as `file: lines, limit`. */
export function findOversizedFiles(root: string): string[] {
  return listFiles(root, ['packages', 'scripts', 'test', 'bench'], /\.(ts|tsx|mjs)$/).flatMap((path) => {
    if (exempt.test(path)) return [];
    const limit = isTestFile(path) ? testLimit : sourceLimit;
    const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    return lines > limit ? [`${path}: ${lines} lines, the limit is ${limit}`] : [];
  });
}
