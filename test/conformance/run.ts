import { startProduct } from '../harness.ts';
import { startConformanceUpstream } from '../upstreams/conformance.ts';
import { startHeaderHop } from './header-hop.ts';
import { revisions, runSuite, type Revision, type SuiteResult } from './suite.ts';

export interface ConformanceResult {
  readonly results: Readonly<Record<Revision, { readonly passed: number; readonly scored: number }>>;
  /** What must not be: unexpected failures and baseline entries that pass by now. Empty means success. */
  readonly failures: readonly string[];
  readonly table: string;
}

/**
 * The official conformance suite through the gateway, at the URL of one server, for both generations: fixture and
 * product are started for it and ended after it.
 * @param options.bare ask the upstream fixture itself, without the gateway
 */
export async function runConformance(options: { bare?: boolean } = {}): Promise<ConformanceResult> {
  await using upstream = await startConformanceUpstream();
  if (options.bare === true) return evaluate(await runAll(upstream.url, false));
  await using product = await startProduct();
  await product.addServer({ slug: 'fixture', url: upstream.url });
  await using hop = await startHeaderHop(product.gateway('fixture'), product.workspaceToken);
  return evaluate(await runAll(hop.url, true));
}

type Results = Record<Revision, SuiteResult>;

async function runAll(url: string, baseline: boolean): Promise<Results> {
  const results: Partial<Results> = {};
  for (const revision of revisions) results[revision] = await runSuite(url, revision, { baseline });
  return results as Results;
}

function evaluate(results: Results): ConformanceResult {
  const failures = revisions.flatMap((revision) => {
    const { unexpected, stale, scenarios } = results[revision];
    const why = (name: string): string => scenarios.find((scenario) => scenario.name === name)?.faults[0] ?? '';
    return [
      ...unexpected.map((name) => `${revision} ${name} ${why(name)}`.trim()),
      ...stale.map(
        (name) => `${revision} ${name} passes now: remove it from test/conformance/baseline-${revision}.yaml`,
      ),
    ];
  });
  const figures = (revision: Revision): { passed: number; scored: number } => {
    const { passed, scored } = results[revision];
    return { passed, scored };
  };
  return {
    results: { '2025-11-25': figures('2025-11-25'), '2026-07-28': figures('2026-07-28') },
    failures,
    table: tableOf(results),
  };
}

function tableOf(results: Results): string {
  const names = [
    ...new Set(revisions.flatMap((revision) => results[revision].scenarios.map(({ name }) => name))),
  ].sort();
  const cell = (revision: Revision, name: string): string => {
    const scenario = results[revision].scenarios.find((candidate) => candidate.name === name);
    if (scenario === undefined) return '';
    return `${scenario.passed ? 'pass' : 'fail'}${scenario.scored ? '' : ' (not scored)'}`;
  };
  const row = (cells: readonly string[]): string =>
    cells
      .map((text, i) => text.padEnd(i === 0 ? 46 : 20))
      .join(' ')
      .trimEnd();
  const sums = revisions.map((revision) => `${results[revision].passed} of ${results[revision].scored}`);
  return [
    row(['scenario', ...revisions]),
    ...names.map((name) => row([name, ...revisions.map((revision) => cell(revision, name))])),
    row(['required scenarios passed', ...sums]),
  ].join('\n');
}

if (import.meta.main) {
  const json = process.argv.includes('--json');
  const { results, failures, table } = await runConformance({ bare: process.argv.includes('--bare') });
  if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else process.stdout.write(`${table}\n`);
  for (const failure of failures) process.stderr.write(`not expected: ${failure}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
