import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Requirement } from '../../test/requirements.ts';
import { requirements } from '../../test/requirements.ts';
import { listFiles } from './source-files.ts';

/** Where `npm test` leaves what vitest found, and the conformance run likewise. */
export const resultsFile = 'test/results/vitest.json';

export interface PromiseReport extends Requirement {
  readonly tests: readonly CitedTest[];
}

export interface CitedTest {
  readonly file: string;
  readonly title: string;
  /** Of the last `npm test`; null when that run did not contain the test. */
  readonly result: 'passed' | 'failed' | 'skipped' | null;
}

/** Ids in brackets, as tests cite them: `[GW-01][GW-02] …`. */
const citation = /\[([A-Z][A-Z0-9]*-\d{2})\]/g;

/** Every promise with the tests that cite it and how those ended when the tests last ran. */
export function reportPromises(root: string): PromiseReport[] {
  const tests = [...citedTests(root), ...ranTests(root)];
  return requirements.map((requirement) => ({
    ...requirement,
    tests: uniqueTests(tests.filter(({ ids }) => ids.includes(requirement.id)).map(({ test }) => test)),
  }));
}

/** Ids that tests cite and no promise has: a slip of the pen that would otherwise count for nothing. */
export function unknownCitations(root: string): string[] {
  const known = new Set(requirements.map(({ id }) => id));
  return citedTests(root).flatMap(({ ids, test }) =>
    ids.filter((id) => !known.has(id)).map((id) => `${test.file}: [${id}] is no promise of test/requirements.ts`),
  );
}

interface Citation {
  readonly ids: readonly string[];
  readonly test: CitedTest;
}

/** From the sources: the string that a test or a group of tests is titled with. */
function citedTests(root: string): Citation[] {
  return listFiles(root, ['packages', 'test'], /\.test\.ts$/).flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    return [...source.matchAll(/(['"`])((?:\[[A-Z][A-Z0-9]*-\d{2}\])+(?:\\.|(?!\1)[^\\\n])*)\1/g)].map(
      ([, , title = '']) => ({
        ids: idsIn(title),
        test: { file, title, result: null },
      }),
    );
  });
}

/** From the last run: also titles that were made at run time, and groups whose title cites for their tests. */
function ranTests(root: string): Citation[] {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(join(root, resultsFile), 'utf8')) as VitestReport;
  } catch {
    return [];
  }
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      ids: idsIn([...ancestorTitles, title].join(' ')),
      test: {
        file: name.startsWith(root) ? name.slice(root.length + 1) : name,
        title,
        result: status === 'passed' || status === 'failed' ? status : ('skipped' as const),
      },
    })),
  );
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const idsIn = (title: string): string[] => [...title.matchAll(citation)].map(([, id = '']) => id);

/** The run knows more than the source: keep its entry where both have the test. */
function uniqueTests(tests: readonly CitedTest[]): CitedTest[] {
  const byTitle = new Map<string, CitedTest>();
  for (const test of tests) {
    const key = `${test.file}\n${test.title}`;
    if (test.result !== null || !byTitle.has(key)) byTitle.set(key, test);
  }
  return [...byTitle.values()];
}
