/**
 * `npm test`: what the tests need, every test, the official conformance suite, the promises, and one last line with
 * the counts. Arguments go to vitest (`npm test -- policy`) and then only those tests run.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { requirements } from '../test/requirements.ts';
import { ensureConsole } from './console/ensure.ts';
import { reportPromises, resultsFile } from './lib/promises.ts';
import { bold, duration, print, runTask } from './lib/steps.ts';
import { root, runTool } from './lib/tool.ts';
import { ensureSystemPackages } from './system-packages.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

await runTask(async () => {
  const started = performance.now();
  const filters = process.argv.slice(2);
  const without = (process.env['MCPNEST_TEST_WITHOUT'] ?? '').split(',').filter((name) => name !== '');
  // The product refuses variables it does not know, and tests start it with this environment.
  delete process.env['MCPNEST_TEST_WITHOUT'];
  const excluded = await ensureSystemPackages(without);
  await ensureConsole();

  const tests = await runVitest(filters, excluded);
  const conformance = filters.length === 0 ? await runConformanceSuite() : { passed: 0, failed: 0 };
  if (filters.length === 0) printPromises();

  const passed = tests.passed + conformance.passed;
  const failed = tests.failed + conformance.failed;
  print(`\nTook ${duration(performance.now() - started)}.`);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});

async function runVitest(filters: readonly string[], excluded: readonly string[]): Promise<Counts> {
  print(bold('Tests'));
  const output = join(root, resultsFile);
  mkdirSync(join(output, '..'), { recursive: true });
  rmSync(output, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const leaveOut = excluded.map((glob) => `--exclude=${glob}`);
  const { code } = await runTool('vitest', ['run', ...reporters, ...leaveOut, ...filters], { show: true });
  return countTests(output, code);
}

/** A file that failed to load, and an error outside every test, count as failures too. */
function countTests(output: string, code: number): Counts {
  let report: { numPassedTests: number; numFailedTests: number; testResults: readonly FileResult[] };
  try {
    report = JSON.parse(readFileSync(output, 'utf8')) as typeof report;
  } catch {
    return { passed: 0, failed: 1 };
  }
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}

interface FileResult {
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

async function runConformanceSuite(): Promise<Counts> {
  print(bold('\nConformance'));
  try {
    const { runConformance } = await import('../test/conformance/run.ts');
    const { results, failures } = await runConformance();
    let passed = 0;
    for (const [revision, counts] of Object.entries(results)) {
      const { scored } = counts;
      const rest = scored - counts.passed;
      print(
        `  ${revision}: ${counts.passed} of ${scored} scenarios pass${rest > 0 ? `, ${rest} in the baseline` : ''}`,
      );
      passed += counts.passed;
    }
    for (const failure of failures) print(`  ✗ ${failure}`);
    return { passed, failed: failures.length };
  } catch (error) {
    print(`  ✗ the conformance suite did not run: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

function printPromises(): void {
  const proven = reportPromises(root).filter(
    ({ status, tests }) =>
      status === 'done' &&
      tests.some(({ result }) => result === 'passed') &&
      !tests.some(({ result }) => result === 'failed'),
  );
  const done = requirements.filter(({ status }) => status === 'done').length;
  print(bold('\nPromises'));
  print(`  ${proven.length} of ${done} promises marked done were shown by this run; ${requirements.length} in all.`);
  print('  `npm run promises` lists each with its tests.');
}
