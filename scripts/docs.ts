/** `npm run docs`: write the generated pages of docs/ anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { referencePages } from './docs/pages.ts';
import { readModules } from './lib/modules.ts';
import { green, print } from './lib/steps.ts';
import { root } from './lib/tool.ts';

for (const [path, text] of referencePages(readModules(root))) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  print(`${green('✓')} ${path}`);
}
