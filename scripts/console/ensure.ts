import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';

import { print, step } from '../lib/steps.ts';
import { root } from '../lib/tool.ts';
import { buildConsole, distFolder } from './build.ts';
import { sourceStamp } from './stamp.ts';

/** Build the console when there is no build or its sources have changed since. Prints nothing when it is fresh. */
export async function ensureConsole(): Promise<void> {
  if (builtStamp() !== sourceStamp()) await step('console built', buildConsole);
}

/** Build again at every change of a source, until the process ends; a failed build leaves the last one in place. */
export function watchConsole(): void {
  let timer: NodeJS.Timeout | undefined;
  let building = Promise.resolve();
  const rebuild = (): void => {
    building = building.then(() =>
      ensureConsole().catch((error: unknown) => print(error instanceof Error ? error.message : String(error))),
    );
  };
  watch(join(root, 'packages/console/src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(rebuild, 150);
  }).unref();
}

function builtStamp(): string | undefined {
  try {
    return readFileSync(join(distFolder, 'stamp'), 'utf8');
  } catch {
    return undefined;
  }
}
