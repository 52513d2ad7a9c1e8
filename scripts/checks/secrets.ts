import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { listFiles } from '../lib/source-files.ts';

const shapes: readonly [RegExp, string][] = [
  [/\bmn[gki]_[0-9a-f]{48}\b/, 'a token'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
];

/** A token whose digits are one repeated is an example and opens nothing. */
const isExample = (token: string): boolean => new Set(token.slice(4)).size <= 2;

/** Every credential in the tree that looks real, as `file: what`. The value itself is not repeated. */
export function findSecrets(root: string): string[] {
  return listFiles(root, ['.'], /\.(ts|tsx|mjs|js|json|md|sql|ya?ml|html|css|txt|sh|conf)$|^\.ci\//).flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return shapes.flatMap(([shape, what]) => {
      const all = text.match(new RegExp(shape, 'g')) ?? [];
      return all.some((found) => !isExample(found)) ? [`${path}: ${what}`] : [];
    });
  });
}
