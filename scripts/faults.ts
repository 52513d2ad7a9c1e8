/**
 * `npm run test:faults`: kills, full and failing disks, damaged and lost files, wrong clocks, restarts of replicas, and
 * books kept by everybody, in their long form, and hosted servers in images built from the registries. `--quick` runs
 * the short form without those, which is part of `npm test`.
 */
import { parseArgs } from 'node:util';

import { bold, duration, print, Problem, runTask } from './lib/steps.ts';
import { runTool } from './lib/tool.ts';
import { ensureSystemPackages } from './system-packages.ts';

const usage = `Usage: npm run test:faults -- [options] [file name or part of one …]
  --quick      the short form, as in npm test: within a minute
  --seed <n>   repeat the random choices of an earlier run`;

/** The long form ends within this, whatever happens; milliseconds. */
const longestMs = 60 * 60_000;

await runTask(async () => {
  const started = performance.now();
  const { values, positionals } = options();
  const seed = values.seed ?? String(Date.now() % 1_000_000_000);
  const excluded = await ensureSystemPackages([], !values.quick);
  print(bold(`Faults, ${values.quick ? 'short' : 'long'} form, seed ${seed}`));
  const env: NodeJS.ProcessEnv = { ...process.env, MCPNEST_TEST_SEED: seed };
  if (!values.quick) env['MCPNEST_TEST_FAULTS'] = 'long';
  const all = ['test/faults/', ...(values.quick ? [] : ['test/e2e/hosted', 'containment.docker'])];
  const files = positionals.length === 0 ? all : positionals;
  const args = [
    'run',
    '--project=alone',
    '--project=docker',
    '--reporter=verbose',
    ...excluded.map((glob) => `--exclude=${glob}`),
  ];
  const { code } = await runTool('vitest', [...args, ...files], { show: true, env, timeoutMs: longestMs });
  print(`\nTook ${duration(performance.now() - started)}. Again with the same choices: --seed ${seed}`);
  print(code === 0 ? 'Every fault was survived as promised.' : 'Some promise did not hold; see above.');
  return code;
});

function options() {
  try {
    const flags = { quick: { type: 'boolean', default: false }, seed: { type: 'string' } } as const;
    const parsed = parseArgs({ options: flags, allowPositionals: true });
    if (parsed.values.seed !== undefined && !/^\d{1,9}$/.test(parsed.values.seed))
      throw new Error('--seed is a number.');
    return parsed;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n\n${usage}`);
  }
}
