import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '../config/env.ts';

/**
 * The place this operating system has for secrets, reached by the program that comes with it: Keychain (`security`) on
 * macOS, the Secret Service (`secret-tool`) on Linux, Credential Manager's vault (PowerShell) on Windows.
 *
 * The commands are constants, run without a shell. All that varies in their arguments is a digest; a token travels on
 * standard input, where other users of the machine cannot see it.
 */
export interface Keychain {
  /** @returns the secret kept for a name; undefined if there is none, or no keychain that answers */
  find(name: string): Promise<string | undefined>;
  /** @returns whether the secret is in the keychain now */
  store(name: string, secret: string): Promise<boolean>;
  /** @returns whether there was one */
  forget(name: string): Promise<boolean>;
}

interface Command {
  readonly args: readonly string[];
  readonly input?: string;
}

interface Program {
  readonly file: string;
  find(account: string): Command;
  store(account: string, secret: string): Command;
  forget(account: string): Command;
}

const service = 'mcpnest';
const label = 'MCPNest gateway token';
/** A locked keychain asks the person at the screen. */
const patienceMs = 60_000;

/** What the programs need to find the session of the person they act for. */
const passedOn = [
  'PATH',
  'HOME',
  'LANG',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
];

/** @returns undefined on a system that has no keychain we know of */
export function openKeychain(platform: NodeJS.Platform, environment: Environment): Keychain | undefined {
  const program = programOf(platform, environment);
  if (program === undefined) return undefined;
  const env = Object.fromEntries(passedOn.map((name) => [name, environment[name]]));
  const run = ({ args, input = '' }: Command): Promise<string | undefined> =>
    new Promise((resolve) => {
      const options = { env, timeout: patienceMs, windowsHide: true, maxBuffer: 64 * 1024 };
      const child = execFile(program.file, args, options, (error, output) => resolve(error ? undefined : output));
      // A program that is not there, or reads nothing, is seen by its exit.
      child.stdin?.on('error', () => undefined).end(input);
    });
  const find = async (name: string): Promise<string | undefined> => {
    const secret = (await run(program.find(accountOf(name))))?.trim();
    return secret === '' ? undefined : secret;
  };
  return {
    find,
    async store(name, secret) {
      if (!/^[\w-]+$/.test(secret)) throw new TypeError('a token has letters, digits, _ and - only');
      await run(program.store(accountOf(name), secret));
      // Not every one of the programs says so when it failed.
      return (await find(name)) === secret;
    },
    async forget(name) {
      if ((await find(name)) === undefined) return false;
      await run(program.forget(accountOf(name)));
      return true;
    },
  };
}

const accountOf = (name: string): string => createHash('sha256').update(name).digest('hex');

function programOf(platform: NodeJS.Platform, environment: Environment): Program | undefined {
  if (platform === 'darwin') return macOs;
  if (platform === 'win32') return windows(environment['SystemRoot'] ?? 'C:\\Windows');
  return platform === 'linux' ? secretService : undefined;
}

const macOs: Program = {
  file: '/usr/bin/security',
  find: (account) => ({ args: ['find-generic-password', '-s', service, '-a', account, '-w'] }),
  // With -i it reads commands from standard input, so that the token is nobody's argument.
  store: (account, secret) => ({
    args: ['-i'],
    input: `add-generic-password -U -s ${service} -a ${account} -l "${label}" -w ${secret}\n`,
  }),
  forget: (account) => ({ args: ['delete-generic-password', '-s', service, '-a', account] }),
};

const secretService: Program = {
  file: 'secret-tool',
  find: (account) => ({ args: ['lookup', 'service', service, 'account', account] }),
  store: (account, secret) => ({
    args: ['store', `--label=${label}`, 'service', service, 'account', account],
    input: secret,
  }),
  forget: (account) => ({ args: ['clear', 'service', service, 'account', account] }),
};

function windows(systemRoot: string): Program {
  const vault =
    '$null = [Windows.Security.Credentials.PasswordVault,Windows.Security.Credentials,ContentType=WindowsRuntime];' +
    '$vault = New-Object Windows.Security.Credentials.PasswordVault;$account = [Console]::In.ReadLine();';
  const command = (script: string, ...lines: readonly string[]): Command => ({
    args: ['-NoProfile', '-NonInteractive', '-Command', vault + script],
    input: lines.map((line) => `${line}\n`).join(''),
  });
  return {
    file: join(systemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'),
    find: (account) =>
      command(
        `$found = $vault.Retrieve('${service}', $account);$found.RetrievePassword();[Console]::Out.Write($found.Password)`,
        account,
      ),
    store: (account, secret) =>
      command(
        `$vault.Add((New-Object Windows.Security.Credentials.PasswordCredential '${service}', $account, ([Console]::In.ReadLine())))`,
        account,
        secret,
      ),
    forget: (account) => command(`$vault.Remove($vault.Retrieve('${service}', $account))`, account),
  };
}
