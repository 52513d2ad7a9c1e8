import { cpus } from 'node:os';
import type { Method, Sample } from './measure.ts';
import type { BenchOptions, TargetName } from './options.ts';

/** Figures by target, or ratios by `a/b`: of each round by itself, the median of them. */
export type Figures = Partial<Record<string, number>>;

/** Medians of one method. Rates per second, times in milliseconds, CPU in microseconds, memory in MiB. */
export interface Summary {
  readonly requests_per_second: Figures;
  readonly ratios: Figures;
  readonly cpu_us_per_call: Figures;
  readonly cpu_ratios: Figures;
  readonly p50: Figures;
  readonly p99: Figures;
  readonly rss: Figures;
}

/** What `bench/results/latest.json` holds: tools/call at the top, tools/list under `list`. */
export interface Report extends Summary {
  readonly date: string;
  readonly node: string;
  readonly cpu: { readonly model: string; readonly cores: number; readonly pinned: boolean };
  readonly nginx: string | null;
  readonly options: { readonly quick: boolean; readonly rate: number; readonly size: number; readonly journal: string };
  /** Rounds measured, and those left out of the medians because something else kept the machine busy. */
  readonly rounds: number;
  readonly noisy_samples: number;
  readonly foreign_cpu: number;
  readonly errors: number;
  readonly left_out: readonly string[];
  readonly list: Summary;
}

export interface ReportFacts {
  readonly options: BenchOptions;
  readonly rounds: number;
  readonly pinned: boolean;
  readonly nginx: string | null;
  readonly leftOut: readonly string[];
}

/** Above this share of foreign CPU time a sample only counts when a target has no better ones. */
const quiet = 0.06;
const pairs: readonly (readonly [TargetName, TargetName])[] = [
  ['governed', 'node-pipe'],
  ['governed', 'nginx'],
  ['governed', 'direct'],
  ['node-pipe', 'nginx'],
  ['governed-strict', 'governed'],
  ['governed-strict', 'node-pipe'],
  ['governed', 'governed-journal-off'],
  ['governed', 'governed-against'],
];

export function makeReport(samples: readonly Sample[], facts: ReportFacts): Report {
  const { options } = facts;
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, pinned: facts.pinned },
    nginx: facts.nginx,
    options: {
      quick: options.quick,
      rate: options.rate,
      size: options.size,
      journal: options.strictJournal ? 'strict' : 'available',
    },
    rounds: facts.rounds,
    noisy_samples: samples.filter((sample) => sample.foreign > quiet).length,
    foreign_cpu: round(median(samples.map((sample) => sample.foreign)) ?? 0, 3),
    errors: samples.reduce((sum, sample) => sum + sample.errors, 0),
    left_out: facts.leftOut,
    ...summarise(samples, 'tools/call', options),
    list: summarise(samples, 'tools/list', options),
  };
}

function summarise(all: readonly Sample[], method: Method, options: BenchOptions): Summary {
  const figures = (value: (sample: Sample) => number | undefined, digits: number): Figures => {
    const medians: Figures = {};
    for (const target of options.targets) {
      const own = all.filter((sample) => sample.method === method && sample.target === target);
      const calm = own.filter((sample) => sample.foreign <= quiet);
      const middle = median((calm.length >= 2 ? calm : own).map(value).filter((each) => each !== undefined));
      if (middle !== undefined) medians[target] = round(middle, digits);
    }
    return medians;
  };
  const ofMethod = all.filter((sample) => sample.method === method);
  return {
    requests_per_second: figures((sample) => sample.requestsPerSecond, 1),
    ratios: ratios(ofMethod, (sample) => sample.requestsPerSecond),
    cpu_us_per_call: figures((sample) => sample.cpuPerRequest, 2),
    cpu_ratios: ratios(ofMethod, (sample) => sample.cpuPerRequest),
    p50: figures((sample) => sample.p50, 3),
    p99: figures((sample) => sample.p99, 3),
    rss: figures((sample) => sample.memory, 1),
  };
}

/**
 * The machine's own speed changes from second to second and by half within minutes. What is compared is therefore
 * what was measured side by side, and quotients of the same round are what a median is taken of.
 */
function ratios(samples: readonly Sample[], value: (sample: Sample) => number | undefined): Figures {
  const result: Figures = {};
  for (const [above, below] of pairs) {
    const rounds = samples
      .filter(({ target }) => target === above)
      .flatMap((a) => {
        const b = samples.find(({ target, round }) => target === below && round === a.round);
        const [over, under] = [value(a), b && value(b)];
        return over === undefined || under === undefined || under <= 0
          ? []
          : [{ ratio: over / under, foreign: Math.max(a.foreign, b!.foreign) }];
      });
    const calm = rounds.filter(({ foreign }) => foreign <= quiet);
    const middle = median((calm.length >= 2 ? calm : rounds).map(({ ratio }) => ratio));
    if (middle !== undefined) result[`${above}/${below}`] = round(middle, 3);
  }
  return result;
}

/** The report as text for people. */
export function printable(report: Report): string {
  const { options, cpu } = report;
  const load = options.rate > 0 ? `${options.rate} requests/s` : '16 connections, closed loop';
  const lines = [
    `Node ${report.node}, nginx ${report.nginx ?? 'left out'}, ${cpu.cores} × ${cpu.model}` +
      `${cpu.pinned ? ', targets alone on core 1' : ', not pinned'}; ${report.rounds} rounds; ${load}` +
      (options.size > 0 ? `; results of ${options.size} bytes` : ''),
    `Foreign CPU ${(report.foreign_cpu * 100).toFixed(1)} % (median), ${report.noisy_samples} noisy samples, ` +
      `${report.errors} wrong replies`,
    ...(report.foreign_cpu > quiet
      ? ['Something else kept the machine busy: these figures do not count, repeat the run.']
      : []),
    ...report.left_out.map((why) => `Left out: ${why}`),
    '',
    ...table('tools/call', report),
    '',
    ...table('tools/list', report.list),
  ];
  return `${lines.join('\n')}\n`;
}

function table(title: string, summary: Summary): string[] {
  const row = (cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(22) : cell.padStart(11))).join('');
  const show = (value: number | undefined, digits: number): string =>
    value === undefined ? '–' : value.toFixed(digits);
  const lines = [row([title, 'req/s', 'CPU µs', 'p50 ms', 'p99 ms', 'RSS MiB'])];
  for (const [target, rate] of Object.entries(summary.requests_per_second)) {
    const { cpu_us_per_call: cpu, p50, p99, rss } = summary;
    const cells = [
      show(rate, 0),
      show(cpu[target], 1),
      show(p50[target], 2),
      show(p99[target], 2),
      show(rss[target], 0),
    ];
    lines.push(row([target, ...cells]));
  }
  for (const [pair, ratio] of Object.entries(summary.ratios)) {
    const cost = summary.cpu_ratios[pair];
    lines.push(
      `  ${pair.padEnd(30)} ${show(ratio, 2)} × the rate${cost === undefined ? '' : `, ${show(cost, 2)} × the CPU`}`,
    );
  }
  return lines;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** The middle of the values, the mean of the two middle ones for an even count; undefined for none. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[half];
  return sorted.length === 0 ? undefined : (sorted[half - 1]! + sorted[half]!) / 2;
}
