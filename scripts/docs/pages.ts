import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { manifestJsonSchema } from '../../packages/contract/src/schemas/manifests.ts';
import type { ModuleRecord } from '../lib/modules.ts';
import { root } from '../lib/tool.ts';
import { apiPage } from './api-page.ts';
import { cliPage } from './cli-page.ts';
import { clientsPage } from './clients-page.ts';
import { configPage } from './config-page.ts';
import { edgesPage } from './edges-page.ts';
import { errorsPage } from './errors-page.ts';

/**
 * The generated pages: path in the repository → content.
 * @param modules every module of the repository, for what is said of its tests
 */
export function referencePages(modules: readonly ModuleRecord[]): Map<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return new Map([
    ['docs/clients.md', `${clientsPage()}\n`],
    ['docs/protocol-edges.md', `${edgesPage(modules)}\n`],
    ['docs/reference/api.md', `${apiPage(version)}\n`],
    ['docs/reference/cli.md', `${cliPage()}\n`],
    ['docs/reference/config.md', `${configPage()}\n`],
    ['docs/reference/errors.md', `${errorsPage()}\n`],
    ['docs/reference/manifest.schema.json', `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`],
  ]);
}

/** Pages in the tree that are not what the code makes now. */
export function staleReferencePages(folder: string, pages: ReadonlyMap<string, string>): string[] {
  return [...pages].flatMap(([path, text]) => {
    let committed: string | undefined;
    try {
      committed = readFileSync(join(folder, path), 'utf8');
    } catch {
      // not written yet
    }
    return committed === text ? [] : [`${path} is stale: run npm run docs`];
  });
}
