import { spawn } from 'node:child_process';
import type { Environment } from '../../config/env.ts';

/** A command of the machine that builds images: apt-get, dpkg-deb, npm, node-gyp. */
export interface BuildCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** What it is called when it fails. */
  readonly what: string;
  /** What to do when the program is not there. */
  readonly remedy: string;
}

/** How long a command may take, in milliseconds. */
const patienceMs = 15 * 60_000;
const keptOutput = 4 * 1024 * 1024;
const keptErrors = 4_000;

/** What the programs need to find each other, the registry and the mirror; nothing else of this process reaches them. */
const passedOn = [
  'PATH',
  'HOME',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_registry',
  'npm_config_cafile',
];

/** Runs commands without a shell, with no input, in an environment made from nothing. */
export class CommandRunner {
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(environment: Environment) {
    this.#env = {
      ...Object.fromEntries(passedOn.map((name) => [name, environment[name]])),
      // Where a proxy opens TLS, its certificate is among those of the machine and not of Node.
      NODE_USE_SYSTEM_CA: '1',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    };
  }

  /**
   * @returns what it wrote to standard output
   * @throws Error with the end of what it wrote to standard error, and the remedy
   */
  async run({ file, args, cwd, what, remedy }: BuildCommand): Promise<string> {
    const child = spawn(file, args, {
      cwd,
      env: this.#env,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: patienceMs,
    });
    const output: Buffer[] = [];
    let size = 0;
    let errors = '';
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= keptOutput) output.push(part);
    });
    child.stderr.on('data', (part: Buffer) => (errors = (errors + part.toString('utf8')).slice(-keptErrors)));
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once('error', () => reject(new Error(`${what} failed: ${file} is not there. ${remedy}`)));
    child.once('close', resolve);
    if ((await promise) !== 0) throw new Error(`${what} failed. ${remedy}\n${errors.trim()}`);
    if (size > keptOutput) throw new Error(`${what} wrote more than was expected.`);
    return Buffer.concat(output).toString('utf8');
  }
}
