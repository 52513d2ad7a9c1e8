import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What one run does; durations in seconds. */
export interface BenchOptions {
  quick: boolean;
  /** Requests per second in all; 0 = as many as the target answers. */
  rate: number;
  /** Bytes of text in each tools/call result; 0 = the 32 bytes that were sent. */
  size: number;
  /** True adds a second product whose workspace has the strict journal. */
  strictJournal: boolean;
  /** True adds a product whose journal gives receipts and writes nothing: what the journal costs. */
  journalOff: boolean;
  /** Folder of another checkout whose product is measured in the same rounds; undefined: none. */
  against: string | undefined;
  targets: readonly TargetName[];
  /** Fresh processes per run, and shuffled rounds over them. */
  generations: number;
  rounds: number;
  warmUp: number;
  callSeconds: number;
  listSeconds: number;
  /** The run stops starting rounds when the next would pass this. */
  budget: number;
  out: string;
  /** Folder for CPU profiles of the product. */
  profile: string | undefined;
}

export type TargetName =
  | 'direct'
  | 'node-pipe'
  | 'nginx'
  | 'governed'
  | 'governed-strict'
  | 'governed-journal-off'
  | 'governed-against';

export const usage = `Usage: npm run bench -- [options]
  --quick              ends within 60 s: fewer, shorter rounds (otherwise at most 6 minutes)
  --rate <n>           n requests per second in all instead of as many as possible: shows latency
  --size <bytes>       bytes of text in each result (0 = the 32 bytes that were sent)
  --journal strict     also measures a workspace whose journal is flushed to disk before each call
  --journal-off        also measures a composition without a journal: what keeping the record costs
  --against <folder>   also measures the product of another checkout: what a change costs or saves
  --only <a,b>         these targets: direct, node-pipe, nginx, governed
  --rounds <n>         shuffled rounds per generation of processes
  --generations <n>    how often all processes are started afresh
  --seconds <n>        length of each tools/call measurement (tools/list: a third)
  --warm-up <n>        seconds of load on each fresh process before it is measured
  --out <file>         where the figures go (bench/results/latest.json)
  --profile <folder>   writes a CPU profile of the product there (costs speed: not for figures)
  --help`;

/** Reads the command line; an Error with the remedy on anything it does not know. Undefined = help was asked for. */
export function readOptions(args: readonly string[], defaultOut: string): BenchOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      rate: text,
      size: text,
      journal: text,
      'journal-off': { type: 'boolean', default: false },
      only: text,
      against: text,
      rounds: text,
      generations: text,
      seconds: text,
      'warm-up': text,
      out: text,
      profile: text,
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const journalOff = values['journal-off'];
  if (values.journal !== undefined && values.journal !== 'strict' && values.journal !== 'available') {
    throw new Error(`--journal is 'strict' or 'available', not '${values.journal}'.`);
  }
  const { against } = values;
  if (against !== undefined && !existsSync(join(against, 'packages/server/src/main.ts'))) {
    throw new Error(`--against is the folder of another checkout of this repository, not '${against}'.`);
  }
  const strictJournal = values.journal === 'strict';
  const seconds = number('seconds', values.seconds, quick ? 0.6 : 1.2, 0.05, 60);
  return {
    quick,
    rate: number('rate', values.rate, 0, 0, 100_000),
    size: number('size', values.size, 0, 0, 8 * 1024 * 1024),
    strictJournal,
    journalOff,
    against,
    targets: chosen(values.only, [
      ...(strictJournal ? (['governed-strict'] as const) : []),
      ...(journalOff ? (['governed-journal-off'] as const) : []),
      ...(against !== undefined ? (['governed-against'] as const) : []),
    ]),
    generations: number('generations', values.generations, quick ? 1 : 3, 1, 20),
    rounds: number('rounds', values.rounds, 8, 1, 40),
    warmUp: number('warm-up', values['warm-up'], quick ? 7 : 10, 0, 30),
    callSeconds: seconds,
    listSeconds: seconds / 3,
    budget: quick ? 50 : 340,
    out: values.out ?? defaultOut,
    profile: values.profile,
  };
}

function number(name: string, given: string | undefined, otherwise: number, least: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (given.trim() === '' || !(value >= least && value <= most)) {
    throw new Error(`--${name} is a number from ${least} to ${most}, not '${given}'.`);
  }
  return value;
}

/** @param variants of `governed`, measured wherever it is */
function chosen(only: string | undefined, variants: readonly TargetName[]): TargetName[] {
  const known: readonly TargetName[] = ['direct', 'node-pipe', 'nginx', 'governed'];
  const wanted = only?.split(',').map((name) => name.trim()) ?? known;
  const strange = wanted.find((name) => !known.some((target) => target === name));
  if (strange !== undefined) throw new Error(`--only knows direct, node-pipe, nginx, governed, not '${strange}'.`);
  return [...known.filter((name) => wanted.includes(name)), ...(wanted.includes('governed') ? variants : [])];
}
