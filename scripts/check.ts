/** `npm run check`: everything a change must satisfy besides its tests. All checks run; any failure fails the whole. */
import { edges } from '../test/edges.ts';
import { firstLoadFindings } from './checks/first-load.ts';
import { findUnsettledEdges } from './checks/edges.ts';
import { findHabitViolations } from './checks/habits.ts';
import { layersThatExist } from './checks/layer-rules.ts';
import { findLayerViolations, layerOf } from './checks/layers.ts';
import { findUnkeptPromises } from './checks/promises.ts';
import { findSecrets } from './checks/secrets.ts';
import { findOversizedFiles } from './checks/sizes.ts';
import { referencePages, staleReferencePages } from './docs/pages.ts';
import { readModules } from './lib/modules.ts';
import { bold, dim, duration, green, print, red, runTask } from './lib/steps.ts';
import { root, runTool } from './lib/tool.ts';

/** What is wrong, one line each; empty: the check passed. */
type Findings = readonly string[];

const modules = readModules(root);

const checks: readonly (readonly [string, () => Promise<Findings> | Findings])[] = [
  ['types (tsc)', () => tool('typescript', ['-p', '.', '--pretty', 'false'])],
  ['types of the console', () => tool('typescript', ['-p', 'packages/console', '--pretty', 'false'])],
  ['lint (oxlint, type-aware)', () => tool('oxlint', ['--type-aware', '--deny-warnings', '--format=unix'])],
  ['format (oxfmt)', () => tool('oxfmt', ['--check', '.'])],
  [`layers (${modules.length} modules)`, layers],
  ['habits', () => findHabitViolations(modules)],
  ['unused code and packages (knip)', () => tool('knip', ['--no-progress'])],
  ['file sizes', () => findOversizedFiles(root)],
  ['first load of the console', () => firstLoadFindings()],
  ['no credentials in the tree', () => findSecrets(root)],
  ['promises', () => findUnkeptPromises(root)],
  [`protocol edges (${edges.length})`, () => findUnsettledEdges(modules, edges)],
  ['generated documents are fresh', () => staleReferencePages(root, referencePages(modules))],
];

await runTask(async () => {
  const failed: string[] = [];
  for (const [name, run] of checks) {
    const started = performance.now();
    const findings = await run();
    const time = dim(`(${duration(performance.now() - started)})`);
    print(`${findings.length === 0 ? green('✓') : red('✗')} ${name} ${time}`);
    for (const finding of findings) print(`    ${finding}`);
    if (findings.length > 0) failed.push(name);
  }
  if (failed.length === 0) {
    print(bold(`All ${checks.length} checks passed.`));
    return 0;
  }
  print(bold(`${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}.`));
  print('`npm run fix` mends lint and format; `npm run docs` writes the generated documents anew.');
  return 1;
});

async function tool(name: string, args: readonly string[]): Promise<Findings> {
  const { code, output, errors } = await runTool(name, args);
  if (code === 0) return [];
  const lines = (output + errors).split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 ? lines : [`${name} ended with exit code ${code}`];
}

function layers(): Findings {
  const empty = layersThatExist.filter((layer) => !modules.some((module) => layerOf(module.path) === layer));
  return [
    ...empty.map((layer) => `the layer ${layer} has no modules: the check does not see the tree`),
    ...findLayerViolations(root, modules),
  ];
}
