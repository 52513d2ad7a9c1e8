/** `npm run promises [-- --json]`: each promise → the tests that cite it → how they ended last time. */
import type { PromiseReport } from './lib/promises.ts';
import { reportPromises } from './lib/promises.ts';
import { bold, dim, green, print, red } from './lib/steps.ts';
import { root } from './lib/tool.ts';

const report = reportPromises(root);

if (process.argv.includes('--json')) {
  print(JSON.stringify(report, null, 2));
} else {
  for (const { id, meaning, status, tests } of report) {
    print(`${mark(status, tests)} ${bold(id.padEnd(7))} ${meaning}${status === 'done' ? '' : dim(` (${status})`)}`);
    for (const { file, title, result } of tests) print(dim(`      ${result ?? 'not run'}  ${file}  ${title}`));
  }
  const count = (status: PromiseReport['status']): number => report.filter((entry) => entry.status === status).length;
  print(bold(`\n${report.length} promises: ${count('done')} done, ${count('part')} in part, ${count('open')} open.`));
}

function mark(status: PromiseReport['status'], tests: PromiseReport['tests']): string {
  if (tests.some(({ result }) => result === 'failed')) return red('✗');
  if (status === 'done') return tests.some(({ result }) => result === 'passed') ? green('✓') : '?';
  return '·';
}
