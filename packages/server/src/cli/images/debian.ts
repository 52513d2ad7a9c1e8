import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debian } from './recipes.ts';
import type { CommandRunner } from './run-command.ts';
import type { Tree } from './tree.ts';

/** One Debian package as it was fetched: apt has checked it against the signed lists of the archive. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly file: string;
}

const remedy =
  'Images are built on Debian or Ubuntu (packages apt, dpkg, debian-archive-keyring; root is not needed), with the Debian mirror in reach: --mirror names another. Elsewhere use deploy/hosted/Dockerfile.';

/** Packages of Debian in a folder of our own: nothing of this machine's own system is read or changed. */
export class DebianArchive {
  readonly #folder: string;
  readonly #mirror: string;
  readonly #runner: CommandRunner;
  #ready: Promise<void> | undefined;

  constructor(folder: string, mirror: string, runner: CommandRunner) {
    this.#folder = folder;
    this.#mirror = mirror;
    this.#runner = runner;
  }

  /**
   * Packages and all they depend on.
   * @param without names to leave out
   * @throws Error naming the remedy
   */
  async fetch(wanted: readonly string[], without: readonly string[] = []): Promise<DebianPackage[]> {
    await (this.#ready ??= this.#prepare());
    const list = await this.#apt('Resolving Debian packages', ['install', '-y', '--print-uris', ...wanted]);
    const found = [...list.matchAll(/^'[^']+' (([^_\s]+)_([^_\s]+)_([^_\s]+)\.deb) /gm)]
      .map(([, file = '', name = '', version = '', architecture = '']) => ({
        name,
        version: decodeURIComponent(version),
        architecture,
        file: join(this.#archives, file),
      }))
      .filter(({ name }) => !without.includes(name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (found.length === 0) throw new Error(`apt-get found no packages. ${remedy}`);
    const missing = found.filter(({ file }) => !existsSync(file));
    if (missing.length > 0) {
      const names = missing.map(({ name }) => name);
      await this.#apt(`Fetching ${names.length} Debian packages`, ['download', ...names], this.#archives);
    }
    return found;
  }

  /** The files of a package, without manuals, translations and change logs; what its scripts would do is not done. */
  async unpack({ name, file }: DebianPackage, tree: Tree): Promise<void> {
    const folder = join(this.#folder, 'unpacked', createHash('sha256').update(readFileSync(file)).digest('hex'));
    if (!existsSync(folder)) {
      const partial = `${folder}.${process.pid}`;
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial, { recursive: true });
      await this.#dpkg(['--extract', file, partial], `Unpacking ${name}`);
      await rename(partial, folder);
    }
    tree.copy(folder, '', isKept, mergedPlace);
    // Where scanners of images look for packages that no dpkg has installed.
    tree.text(
      `var/lib/dpkg/status.d/${name}`,
      await this.#dpkg(
        ['--field', file, 'Package', 'Version', 'Architecture', 'Maintainer', 'Source'],
        `Reading ${name}`,
      ),
    );
  }

  get #archives(): string {
    return join(this.#folder, 'archives');
  }

  async #prepare(): Promise<void> {
    if (!existsSync(debian.keyring)) throw new Error(`There is no ${debian.keyring}. ${remedy}`);
    for (const folder of ['lists/partial', 'none/partial', 'preferences.d', 'archives', 'unpacked']) {
      await mkdir(join(this.#folder, folder), { recursive: true });
    }
    const source = (path: string, suite: string): string =>
      `deb [signed-by=${debian.keyring}] ${this.#mirror}/${path} ${suite} main\n`;
    await writeFile(join(this.#folder, 'status'), '');
    await writeFile(
      join(this.#folder, 'sources.list'),
      source('debian', debian.suite) +
        source('debian', `${debian.suite}-updates`) +
        source('debian-security', `${debian.suite}-security`),
    );
    await this.#apt('Reading the lists of Debian', ['update']);
  }

  #apt(what: string, args: readonly string[], cwd = this.#folder): Promise<string> {
    const settings = [
      `Dir=${this.#folder}`,
      `Dir::Etc=${this.#folder}`,
      `Dir::Etc::sourcelist=${join(this.#folder, 'sources.list')}`,
      'Dir::Etc::sourceparts=/dev/null',
      `Dir::State::lists=${join(this.#folder, 'lists')}`,
      `Dir::State::status=${join(this.#folder, 'status')}`,
      `Dir::Cache=${this.#folder}`,
      // Of what it has there already apt-get prints no address.
      `Dir::Cache::archives=${join(this.#folder, 'none')}`,
      'APT::Install-Recommends=0',
      'APT::Sandbox::User=root',
      'APT::Update::Error-Mode=any',
      'Acquire::Retries=3',
    ];
    const options = settings.flatMap((setting) => ['-o', setting]);
    return this.#runner.run({ file: 'apt-get', args: [...options, '-q', ...args], cwd, what, remedy });
  }

  #dpkg(args: readonly string[], what: string): Promise<string> {
    return this.#runner.run({ file: 'dpkg-deb', args, what, remedy });
  }
}

const left =
  /^usr\/share\/(?:man|info|locale|lintian|bug|doc-base|menu)(?:\/|$)|^usr\/share\/doc\/[^/]+\/(?!copyright$)/;

const isKept = (path: string): boolean => !left.test(path);

/** Debian's packages still name `/lib`, which is `/usr/lib` on every system of it. */
const mergedPlace = (path: string): string => (/^(?:bin|sbin|lib|lib64)$/.test(path) ? `usr/${path}` : path);
