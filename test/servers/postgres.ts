import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from './certificate.ts';

const startTimeoutMs = 30_000;

export interface Postgres extends AsyncDisposable {
  /** An empty database, with a superuser who needs no password. */
  readonly url: string;
  /** Run a statement as that superuser, in another database. */
  administer(statement: string): Promise<void>;
  /** What a statement answers through a connection of libpq, given in its own form. @throws Error with what it says */
  ask(connection: string, statement: string): Promise<string>;
}

/**
 * A private PostgreSQL cluster in a temporary folder on a free loopback port, gone when disposed.
 * @param address one more IPv4 address of this machine it listens on; who comes from elsewhere needs a password
 * @param certificate with which it takes TLS connections, too
 * @throws when PostgreSQL is not installed, naming the remedy
 */
export async function startPostgres(address?: string, certificate?: Certificate): Promise<Postgres> {
  const bin = binaries();
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-postgres-'));
  // PostgreSQL refuses to run as root; Debian's package brings a user for it.
  const root = process.getuid?.() === 0;
  if (root) chownSync(folder, accountId('postgres'), -1);
  const command = (tool: string, args: string[]): [string, string[]] =>
    root ? ['runuser', ['-u', 'postgres', '--', join(bin, tool), ...args]] : [join(bin, tool), args];

  const data = join(folder, 'data');
  await run(
    ...command('initdb', ['-D', data, '-U', 'mcpnest', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']),
  );
  if (address !== undefined) appendFileSync(join(data, 'pg_hba.conf'), 'host all all 0.0.0.0/0 scram-sha-256\n');
  const secure = certificate === undefined ? [] : ['ssl=on', 'ssl_cert_file=server.crt', 'ssl_key_file=server.key'];
  if (certificate !== undefined) {
    const keyFile = join(data, 'server.key');
    writeFileSync(join(data, 'server.crt'), certificate.cert);
    writeFileSync(keyFile, certificate.key, { mode: 0o600 });
    // It takes a key that is its own or root's, and of root's only one its group may read.
    if (root) chownSync(keyFile, accountId('postgres'), -1);
  }
  const listens = ['127.0.0.1', ...(address === undefined ? [] : [address])].join(',');
  const port = await freePort();
  const settings = [`listen_addresses=${listens}`, 'fsync=off', `unix_socket_directories=${folder}`, ...secure];
  const options = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(...command('postgres', options), {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(server, 'exit');
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`PostgreSQL did not start in time:\n${output}`)), startTimeoutMs);
    server.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      if (!output.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
    server.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ended at once:\n${output}`));
    });
  });

  const dispose = async (): Promise<void> => {
    // Immediate shutdown, told to the postmaster itself: runuser is only its parent.
    if (server.exitCode === null && server.signalCode === null) {
      const pidFile = join(data, 'postmaster.pid');
      if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGQUIT');
      else server.kill('SIGQUIT');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready;
  } catch (error) {
    await dispose();
    throw error;
  }
  const local = `postgres://mcpnest@127.0.0.1:${port}`;
  return {
    url: `${local}/postgres`,
    administer: async (statement) => {
      await run(join(bin, 'psql'), ['-X', '-q', '-d', `${local}/template1`, '-c', statement]);
    },
    ask: async (connection, statement) =>
      (await run(join(bin, 'psql'), ['-XAt', '-d', connection, '-c', statement])).trim(),
    [Symbol.asyncDispose]: dispose,
  };
}

function binaries(): string {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(home, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (found !== undefined) return found;
  throw new Error(
    'These tests need PostgreSQL under /usr/lib/postgresql. Install it (`apt-get update && apt-get install -y postgresql`) ' +
      'or leave them out with MCPNEST_TEST_WITHOUT=postgres.',
  );
}

function accountId(name: string): number {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  if (line === undefined)
    throw new Error(`There is no account '${name}' to run PostgreSQL as; install the Debian package postgresql.`);
  return Number(line.split(':')[2]);
}

async function run(file: string, args: string[]): Promise<string> {
  const child = spawn(file, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  let [answer, complaint] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${complaint}`);
  return answer;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
