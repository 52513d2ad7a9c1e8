import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

import { root } from '../lib/tool.ts';
import { precomputed } from './precomputed.ts';
import { sourceStamp } from './stamp.ts';
import { themeFirst } from './theme-first.ts';

export const consoleFolder = join(root, 'packages/console');
export const distFolder = join(consoleFolder, 'dist');

/** What is worth compressing, by extension. */
const compressible = /\.(js|css|svg|html)$/;

/** Build packages/console into its dist folder; the old build serves until the new one is whole. */
export async function buildConsole(): Promise<void> {
  const stamp = sourceStamp();
  const next = `${distFolder}.next-${process.pid}`;
  await forProduction(() =>
    build({
      root: consoleFolder,
      configFile: false,
      logLevel: 'warn',
      base: '/',
      plugins: [precomputed(), react(), tailwind(), themeFirst()],
      build: {
        outDir: next,
        emptyOutDir: true,
        assetsDir: 'assets',
        assetsInlineLimit: 0,
        sourcemap: false,
        modulePreload: { polyfill: false },
        target: 'es2023',
        cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
        manifest: 'manifest.json',
        chunkSizeWarningLimit: 1_000,
        rolldownOptions: {
          input: { index: join(consoleFolder, 'index.html'), theme: join(consoleFolder, 'src/theme.ts') },
        },
      },
    }),
  );
  await compressAll(join(next, 'assets'));
  await writeFile(join(next, 'stamp'), stamp);
  await rm(distFolder, { recursive: true, force: true });
  await mkdir(consoleFolder, { recursive: true });
  await rename(next, distFolder);
}

/** `name.br` and `name.gz` beside each file, so that no request waits for a compressor. */
async function compressAll(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => compressible.test(name));
  await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(folder, name));
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      await writeFile(join(folder, `${name}.br`), await promisify(brotliCompress)(bytes, { params }));
      await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }));
    }),
  );
}

/** A test that builds the console builds what is served: the build goes by NODE_ENV, which a test runner sets. */
async function forProduction(work: () => Promise<unknown>): Promise<void> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}
