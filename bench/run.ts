import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { measure, warmUp, type Bench, type Sample } from './measure.ts';
import { ensureNginx, nginxVersion } from './nginx.ts';
import { readOptions, usage, type BenchOptions } from './options.ts';
import { endEverything } from './processes.ts';
import { makeReport, printable } from './report.ts';
import { chooseCores, startNode, startTarget, untilReady, type Target } from './targets.ts';

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const secondsLeft = (options: BenchOptions): number => options.budget - performance.now() / 1000;

/** Starts every target on fresh processes, measures them in shuffled rounds and ends them. Gives the rounds done. */
async function generation(
  bench: Bench,
  folder: string,
  port: number,
  options: BenchOptions,
  samples: Sample[],
  round: number,
): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const cores = chooseCores();
  const targets: Target[] = [];
  for (const name of options.targets) {
    const target = await startTarget(name, folder, port, cores, options);
    if (target.process !== undefined) stack.use(target.process);
    targets.push(target);
  }
  for (const target of targets) {
    await untilReady(target);
    await warmUp(bench, target, options);
  }
  const before = samples.length;
  let rounds = 0;
  for (let slowest = 0; rounds < options.rounds; rounds += 1) {
    if (samples.length > 0 && secondsLeft(options) < slowest * 1.1) break;
    const startedAt = performance.now();
    for (const target of shuffled(targets)) {
      for (const method of ['tools/call', 'tools/list'] as const) {
        const sample = await measure(bench, target, method, round + rounds, options);
        samples.push(sample);
        tell(describe(sample));
      }
      if (options.against !== undefined) await recordsCaughtUp(target);
    }
    slowest = Math.max(slowest, (performance.now() - startedAt) / 1000);
  }
  for (const target of targets) await requireRecords(target, samples.slice(before));
  return rounds;
}

/** Rows are written behind the calls; on one core they would slow down whoever is measured next. */
async function recordsCaughtUp({ recorded }: Target): Promise<void> {
  if (recorded === undefined) return;
  for (let before = -1, rows = recorded(); rows !== before; rows = recorded()) {
    before = rows;
    await sleep(300);
  }
}

/** A gateway that answers without recording is not the one to be measured. */
async function requireRecords({ name, recorded }: Target, samples: readonly Sample[]): Promise<void> {
  if (recorded === undefined) return;
  const calls = samples
    .filter((sample) => sample.target === name && sample.method === 'tools/call')
    .reduce((sum, sample) => sum + sample.requests, 0);
  let rows = recorded();
  if (name === 'governed-journal-off') {
    if (rows > 0) throw new Error(`${name} has recorded ${rows} calls: it was measured with a journal.`);
    return;
  }
  for (const until = performance.now() + 5_000; rows < calls && performance.now() < until; rows = recorded()) {
    await sleep(100);
  }
  if (rows < calls)
    throw new Error(`${name} answered ${calls} calls, yet only ${rows} are in mcp_tool_calls 5 s later.`);
  tell(`${name}: ${calls} calls measured, ${rows} in mcp_tool_calls (with those of warming up).`);
}

async function main(options: BenchOptions): Promise<boolean> {
  const leftOut: string[] = [];
  if (options.targets.includes('nginx')) {
    const missing = ensureNginx(tell);
    if (missing !== undefined) {
      leftOut.push(missing);
      options = { ...options, targets: options.targets.filter((name) => name !== 'nginx') };
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  await using stack = new AsyncDisposableStack();
  const cores = chooseCores();
  const upstream = await startNode(folder, 'upstream', './upstream.ts', ['--size', String(options.size)], cores.rest);
  stack.use(upstream.process);
  const load = await startNode(folder, 'load', './load.ts', [], cores.rest);
  stack.use(load.process);
  const bench: Bench = { load: load.process, upstream: upstream.process, cores: availableParallelism() };
  const samples: Sample[] = [];
  let rounds = 0;
  for (let index = 0; index < options.generations; index += 1) {
    const startedAt = performance.now();
    rounds += await generation(bench, folder, upstream.port, options, samples, rounds);
    const took = (performance.now() - startedAt) / 1000;
    if (index + 1 < options.generations && secondsLeft(options) < took) {
      tell('No time for another generation of processes within the budget.');
      break;
    }
  }
  const report = makeReport(samples, {
    options,
    rounds,
    pinned: cores.target !== undefined,
    nginx: options.targets.includes('nginx') ? nginxVersion() : null,
    leftOut,
  });
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(`\n${printable(report)}\nWritten to ${options.out}\n`);
  return report.errors === 0;
}

function describe(sample: Sample): string {
  const cpu = sample.cpuPerRequest === undefined ? '' : ` ${sample.cpuPerRequest.toFixed(1)} µs CPU`;
  const wrong = sample.errors === 0 ? '' : `  ${sample.errors} WRONG: ${sample.firstError}`;
  return (
    `${sample.target.padEnd(20)} ${sample.method} ${sample.requestsPerSecond.toFixed(0).padStart(7)}/s` +
    ` p50 ${sample.p50.toFixed(2)} p99 ${sample.p99.toFixed(2)} ms${cpu}` +
    ` foreign ${(sample.foreign * 100).toFixed(0)} %${wrong}`
  );
}

/** In random order (Fisher and Yates), so that no target always follows the same other one. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** Whatever happens, nothing we started outlives us. */
function leave(code: number): never {
  endEverything();
  process.exit(code);
}

try {
  const latest = fileURLToPath(new URL('./results/latest.json', import.meta.url));
  const options = readOptions(process.argv.slice(2), latest);
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
    leave(0);
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => leave(code));
  }
  const watchdog = setTimeout(
    () => {
      tell(`The benchmark did not end within its ${options.budget} s and was stopped; is the machine overloaded?`);
      leave(1);
    },
    (options.budget + 8) * 1000,
  );
  const good = await main(options);
  clearTimeout(watchdog);
  if (!good) tell('Some replies were wrong; the figures do not count.');
  leave(good ? 0 : 1);
} catch (error) {
  const words = error instanceof Error ? error.message : String(error);
  tell(error instanceof TypeError || words.startsWith('--') ? `${words}\n\n${usage}` : words);
  leave(1);
}
