import { pathToFileURL } from 'node:url';

import type { Plugin } from 'vite';

/** A module whose exports are plain data, made from others that a browser need not load. */
const marked = /\/packages\/console\/src\/.*\.precomputed\.ts$/;

/**
 * Run each `*.precomputed.ts` at build time and ship its exports as JSON. The contract's operations come with every
 * schema of the API; a page needs their paths and roles.
 */
export const precomputed = (): Plugin => ({
  name: 'mcpnest-precomputed',
  enforce: 'pre',
  async load(id) {
    if (!marked.test(id)) return null;
    const exports = (await import(pathToFileURL(id).href)) as Record<string, unknown>;
    return Object.entries(exports)
      .map(([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});`)
      .join('\n');
  },
});
