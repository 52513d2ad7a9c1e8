import { existsSync, realpathSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import type { Environment } from '../../config/env.ts';
import { pinnedNode, type Recipe } from './recipes.ts';
import type { CommandRunner } from './run-command.ts';

const remedy =
  'npm (10 or newer) must be on PATH and its registry in reach: `npm ping` tells, npm_config_registry names another.';
const compilerRemedy = 'It needs g++, make and python3: apt-get install g++ make python3.';
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-workspaces', '--no-update-notifier'];

/** npm on this machine: installs what lock files pin and runs no script of a package. */
export class Npm {
  readonly #script: string;
  readonly #runner: CommandRunner;
  #node: Promise<string> | undefined;

  /** @throws Error when there is no npm */
  constructor(environment: Environment, runner: CommandRunner) {
    this.#script = findNpm(environment);
    this.#runner = runner;
  }

  /**
   * The pinned Node of the images.
   * @returns the folder of its package: `bin/node`, and `include/` to compile against
   */
  installNode(cache: string, arch: 'x64' | 'arm64'): Promise<string> {
    return (this.#node ??= this.#fetchNode(cache, arch));
  }

  async #fetchNode(cache: string, arch: 'x64' | 'arm64'): Promise<string> {
    const name = `node-linux-${arch}`;
    const { version } = pinnedNode;
    const folder = join(cache, `${name}-${version}`);
    const manifest = { private: true, dependencies: { [name]: version } };
    const lock = {
      lockfileVersion: 3,
      packages: {
        '': manifest,
        [`node_modules/${name}`]: {
          version,
          resolved: `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz`,
          integrity: pinnedNode[arch],
        },
      },
    };
    await inOneStep(folder, async (partial) => {
      await writeFile(join(partial, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(partial, 'package-lock.json'), JSON.stringify(lock));
      await this.#ci(partial, `Fetching Node ${version}`);
    });
    return join(folder, 'node_modules', name);
  }

  /**
   * What a lock file pins, with what must be compiled.
   * @param from the folder of `package.json` and `package-lock.json`
   * @param folder where to; kept when it is there already
   */
  async install(from: string, folder: string, recipe: Recipe, node: string): Promise<void> {
    await inOneStep(folder, async (partial) => {
      for (const name of ['package.json', 'package-lock.json']) await cp(join(from, name), join(partial, name));
      await this.#ci(partial, `Installing ${basename(from)}`);
      for (const compiled of recipe.compiled) await this.#compile(partial, compiled, node);
    });
  }

  /**
   * The bill of materials of a lock file, as npm writes it (CycloneDX 1.5).
   * @param kept the file it is kept in
   */
  async sbom(folder: string, kept: string): Promise<string> {
    if (existsSync(kept)) return readFile(kept, 'utf8');
    const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--omit=dev', '--omit=optional'];
    const text = await this.#npm(folder, `The bill of materials of ${basename(folder)}`, args);
    await writeFile(`${kept}.partial`, text);
    await rename(`${kept}.partial`, kept);
    return text;
  }

  #ci(folder: string, what: string): Promise<string> {
    return this.#npm(folder, what, ['ci', '--omit=dev', '--omit=optional', '--loglevel=error']);
  }

  #npm(cwd: string, what: string, args: readonly string[]): Promise<string> {
    const all = [this.#script, ...args, '--prefix', cwd, ...quiet];
    return this.#runner.run({ file: process.execPath, args: all, cwd, what, remedy });
  }

  /** Of what was compiled only the product stays: neither sources nor objects belong into an image. */
  async #compile(folder: string, compiled: Recipe['compiled'][number], node: string): Promise<void> {
    const nodeGyp = join(dirname(dirname(this.#script)), 'node_modules/node-gyp/bin/node-gyp.js');
    const cwd = join(folder, 'node_modules', compiled.package);
    await this.#runner.run({
      file: process.execPath,
      args: [nodeGyp, 'rebuild', '--release', '--jobs=max', `--nodedir=${node}`],
      cwd,
      what: `Compiling ${compiled.package}`,
      remedy: compilerRemedy,
    });
    const product = await readFile(join(cwd, compiled.product));
    for (const name of ['build', 'deps', 'src']) await rm(join(cwd, name), { recursive: true, force: true });
    await mkdir(dirname(join(cwd, compiled.product)), { recursive: true });
    await writeFile(join(cwd, compiled.product), product);
  }
}

/** A folder that is there is whole: it gets its name when its content is complete. */
async function inOneStep(folder: string, fill: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await fill(partial);
  await rename(partial, folder);
}

/** npm as a script, so that it runs on this Node. */
function findNpm(environment: Environment): string {
  const beside = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const onPath = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  for (const place of [beside, ...onPath]) {
    if (!existsSync(place)) continue;
    const real = realpathSync(place);
    if (basename(real) === 'npm-cli.js') return real;
  }
  throw new Error(`There is no npm. ${remedy}`);
}
