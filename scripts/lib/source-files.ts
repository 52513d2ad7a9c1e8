import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What no check looks into: installed, generated or private to this machine. */
const skipped = new Set(['node_modules', '.git', '.runtime', '.vitest', 'data', 'dist', 'results']);

/** Every file under the folders, as paths relative to the root with forward slashes, sorted. */
export function listFiles(root: string, folders: readonly string[], match: RegExp): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    for (const entry of entries) {
      if (skipped.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  for (const folder of folders) walk(join(root, folder));
  return found.filter((path) => match.test(path)).toSorted();
}

/** Tests, and the contract suites that only tests run. */
export const isTestFile = (path: string): boolean =>
  /\.(test|contract|security|pg)\.tsx?$/.test(path) || path.startsWith('test/');
