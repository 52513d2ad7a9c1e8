import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { distFolder } from '../console/build.ts';
import { ensureConsole } from '../console/ensure.ts';
import { print } from '../lib/steps.ts';

/** Bytes, gzip: what a browser must have before it can show the first page. */
const limit = 230_000;

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

/** Build the console if need be and weigh its entries with everything they import statically. */
export async function firstLoadFindings(): Promise<string[]> {
  await ensureConsole();
  const manifest = JSON.parse(readFileSync(join(distFolder, 'manifest.json'), 'utf8')) as Record<string, Chunk>;
  const files = new Set<string>();
  const visit = (chunk: Chunk | undefined): void => {
    if (chunk === undefined || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const name of chunk.imports ?? []) visit(manifest[name]);
  };
  for (const chunk of Object.values(manifest)) if (chunk.isEntry === true) visit(chunk);
  const bytes = [...files].reduce((sum, file) => sum + statSync(join(distFolder, `${file}.gz`)).size, 0);
  const said = `${(bytes / 1000).toFixed(1)} kB gzip in ${files.size} files, the limit is ${limit / 1000} kB`;
  print(`    first load of the console: ${said}`);
  return bytes <= limit ? [] : [`the first load has ${said}; make what is heavy a lazy import`];
}
