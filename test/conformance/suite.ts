import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Revisions with a frozen list of required scenarios. */
export const revisions = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];

export interface SuiteResult {
  /** Scored scenarios that passed. */
  readonly passed: number;
  /** Scenarios the revision requires. */
  readonly scored: number;
  /** Scenarios that failed and are not in the baseline, with what went wrong. */
  readonly unexpected: readonly string[];
  /** Baseline entries that pass by now and must leave it. */
  readonly stale: readonly string[];
  readonly scenarios: readonly Scenario[];
}

export interface Scenario {
  readonly name: string;
  readonly scored: boolean;
  readonly passed: boolean;
  /** Messages of the checks that failed. */
  readonly faults: readonly string[];
}

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

/** Failures a revision is known to have; the tool also fails when one of them passes, so that it can only shrink. */
const baselineFile = (revision: Revision): string =>
  fileURLToPath(new URL(`baseline-${revision}.yaml`, import.meta.url));

/**
 * Run the official conformance suite against an MCP endpoint.
 * @param options.baseline compare with `baseline-{revision}.yaml`; otherwise nothing may fail
 */
export async function runSuite(url: string, revision: Revision, options: { baseline: boolean }): Promise<SuiteResult> {
  const out = mkdtempSync(join(tmpdir(), 'mcpnest-conformance-'));
  try {
    const scored = await requiredScenarios(revision);
    const baseline = options.baseline ? ['--expected-failures', baselineFile(revision)] : [];
    const args = ['server', '--url', url, '--requirements', revision, '-o', out, ...baseline];
    const { output, code } = await runTool(args);
    const scenarios = readScenarios(out, scored);
    const required = scenarios.filter((scenario) => scenario.scored);
    if (required.length !== scored.size) {
      throw new Error(
        `The suite ran ${required.length} of ${scored.size} required scenarios of ${revision}:\n${output.slice(-2_000)}`,
      );
    }
    const unexpected = listAfter(output, 'Unexpected failures (not in baseline)');
    const failed = options.baseline ? unexpected : required.filter(({ passed }) => !passed).map(({ name }) => name);
    const stale = listAfter(output, 'Stale baseline entries');
    if (code !== 0 && failed.length === 0 && stale.length === 0)
      throw new Error(`The suite ended with ${code}:\n${output.slice(-2_000)}`);
    return {
      passed: required.filter(({ passed }) => passed).length,
      scored: scored.size,
      unexpected: failed,
      stale,
      scenarios,
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const tool = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);

function runTool(args: readonly string[]): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tool, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    const hear = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const limit = setTimeout(() => child.kill('SIGKILL'), 180_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      // oxlint-disable-next-line no-control-regex -- colour codes of a terminal
      resolve({ output: output.replace(/\u001b\[[0-9;]*m/g, ''), code });
    });
  });
}

/** The server scenarios that count for a revision, from the tool's own frozen list. */
async function requiredScenarios(revision: Revision): Promise<ReadonlySet<string>> {
  const { output } = await runTool(['list', '--requirements', revision]);
  const section = /Server scenarios[^\n]*\n((?: {2}- .*\n)+)/.exec(output)?.[1];
  if (section === undefined)
    throw new Error(`The conformance tool lists no server scenarios for ${revision}:\n${output}`);
  return new Set([...section.matchAll(/- (\S+)/g)].map((match) => match[1]!));
}

/** Lines `  ✗ name` that follow a heading. */
function listAfter(output: string, heading: string): string[] {
  const section =
    new RegExp(`${heading.replace(/[()]/g, '\\$&')}[^\\n]*\\n((?:  [✗✓] .*\\n)+)`).exec(output)?.[1] ?? '';
  return [...section.matchAll(/[✗✓] (.+)/g)].map((match) => match[1]!.trim());
}

/** The tool writes `{prefix}{scenario}-{time}/checks.json` for each scenario. */
function readScenarios(out: string, scored: ReadonlySet<string>): Scenario[] {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
    (name) => basename(name) === 'checks.json',
  );
  return files.map((file) => {
    const name = basename(dirname(file))
      .replace(/^server-(?=.)/, '')
      .replace(/-\d{4}-\d{2}-\d{2}T.*$/, '');
    const checks = JSON.parse(readFileSync(join(out, file), 'utf8')) as Check[];
    const failed = checks.filter((check) => check.status === 'FAILURE');
    return {
      name,
      scored: scored.has(name),
      passed: failed.length === 0,
      faults: failed.map((check) => `${check.id}: ${check.errorMessage ?? 'failed'}`.slice(0, 300)),
    };
  });
}
