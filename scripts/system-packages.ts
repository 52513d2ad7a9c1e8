import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { bold, print, Problem, step } from './lib/steps.ts';

/** What the tests run that npm cannot bring. The one list of it. */
export interface SystemPackage {
  /** As named in MCPNEST_TEST_WITHOUT. */
  readonly name: string;
  /** The Debian package that brings it. */
  readonly debian: string;
  readonly neededFor: string;
  /** The test files that need it. */
  readonly tests: readonly string[];
  /** Needed by the long form of the faults alone. */
  readonly long?: true;
  readonly present: () => boolean;
}

export const systemPackages: readonly SystemPackage[] = [
  {
    name: 'postgres',
    debian: 'postgresql',
    neededFor: 'the tests that run the same code on PostgreSQL (*.pg.test.ts)',
    tests: ['**/*.pg.test.ts'],
    present: () =>
      listFolder('/usr/lib/postgresql').some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`)),
  },
  {
    name: 'openssl',
    debian: 'openssl',
    neededFor: 'the tests that make certificates of every wrong kind',
    tests: ['**/dialer.test.ts', '**/hostile-upstream.test.ts', '**/memory.test.ts'],
    present: () => onPath('openssl'),
  },
  {
    name: 'chromium',
    debian: 'chromium',
    neededFor: 'the tests that open the console in a browser',
    tests: ['test/console/*.test.ts', '**/e2e/signing-in.test.ts'],
    present: () => existsSync('/usr/bin/chromium'),
  },
  {
    name: 'docker',
    debian: 'docker.io',
    neededFor: 'the tests that run containers (*.docker.test.ts)',
    tests: ['**/*.docker.test.ts'],
    present: () => onPath('dockerd') && onPath('docker-init') && onPath('iptables'),
  },
  {
    name: 'compiler',
    debian: 'build-essential',
    neededFor: 'the test that builds and runs every image of the catalogue',
    tests: ['**/hosted-images.docker.test.ts'],
    long: true,
    present: () => onPath('g++') && onPath('make'),
  },
  {
    name: 'python',
    debian: 'python3',
    neededFor: 'the same test: node-gyp is written in it',
    tests: ['**/hosted-images.docker.test.ts'],
    long: true,
    present: () => onPath('python3'),
  },
];

/**
 * Make sure of every system package, or say precisely what is missing and stop before any test runs.
 * On Debian and Ubuntu as root they are installed; `without` (MCPNEST_TEST_WITHOUT) leaves out the tests instead.
 * @param long also what only the long form of the faults needs
 * @returns the test files to leave out, as globs
 * @throws Problem naming what is missing and each way on
 */
export async function ensureSystemPackages(without: readonly string[], long = false): Promise<readonly string[]> {
  const unknown = without.filter((name) => !systemPackages.some((item) => item.name === name));
  if (unknown.length > 0) {
    const known = systemPackages.map(({ name }) => name).join(', ');
    throw new Problem(`MCPNEST_TEST_WITHOUT names ${unknown.join(', ')}; it may name ${known}.`);
  }
  const leftOut = systemPackages.filter((item) => without.includes(item.name));
  const excluded = leftOut.flatMap(({ tests }) => tests);
  for (const { name, neededFor } of leftOut) {
    print(bold(`! MCPNEST_TEST_WITHOUT=${name}: left out are ${neededFor}. This run does not prove what they prove.`));
  }
  const needed = systemPackages.filter((item) => long || item.long !== true);
  const missing = needed.filter((item) => !without.includes(item.name) && !item.present());
  if (missing.length === 0) return excluded;

  const names = missing.map(({ debian }) => debian);
  if (process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get')) {
    await step('apt-get update', () => aptGet(['update']));
    await step(`apt-get install ${names.join(' ')}`, () =>
      aptGet(['install', '-y', '--no-install-recommends', ...names]),
    );
    const still = missing.filter((item) => !item.present());
    if (still.length === 0) return excluded;
    throw new Problem(`Installed, yet not found: ${still.map(({ debian }) => debian).join(', ')}.`);
  }
  throw new Problem(
    [
      'These are missing and are not installed without root on Debian or Ubuntu:',
      ...missing.map(({ debian, neededFor }) => `  ${debian}: for ${neededFor}`),
      `Install them (sudo apt-get install -y ${names.join(' ')}), or leave those tests out:`,
      `  MCPNEST_TEST_WITHOUT=${missing.map(({ name }) => name).join(',')} npm test`,
    ].join('\n'),
  );
}

async function aptGet(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  const started = performance.now();
  const keep = (text: string): void => {
    tail = (tail + text).slice(-2000);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ticker = setInterval(() => print(`  … ${Math.round((performance.now() - started) / 1000)} s`), 5000);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  }).finally(() => clearInterval(ticker));
  if (code !== 0) {
    throw new Problem(`${tail.trim()}\napt-get ${args.join(' ')} failed. Is the package mirror reachable from here?`);
  }
}

const onPath = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
