import { processEnvironment } from '../packages/server/src/config/env.ts';
import type { CatalogueEntry } from '../packages/server/src/domain/hosted/entry.ts';
import { testEntry } from '../packages/server/src/domain/hosted/entries.contract.ts';
import { run } from '../packages/server/src/main.ts';
import { everythingArgv } from './bridge.ts';
import { connectProcessEngine } from './process-engine.ts';

/** What both processes of the tests know of. */
export const testCatalogue: readonly CatalogueEntry[] = [
  { ...testEntry, slug: 'everything', image: 'mcpnest/everything', command: everythingArgv, variables: [] },
  { ...testEntry, slug: 'second', image: 'mcpnest/second', command: everythingArgv, variables: [] },
];

/** The product as the process it is, with the engine of the tests in the place of Docker's. */
if (import.meta.main) {
  const environment = processEnvironment();
  const engine = environment['MCPNEST_TEST_ENGINE'] ?? '';
  const parts = { catalogue: testCatalogue, openRuntime: async () => connectProcessEngine(engine) };
  try {
    process.exit(await run(environment, parts));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
