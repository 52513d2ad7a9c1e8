import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { chooseWorkspace, collect } from '../choose.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import type { Shell } from '../program.ts';
import { printServer } from './servers.ts';

interface SetOptions {
  bearerStdin?: true;
  bearerEnv?: string;
  headerEnv?: string[];
  headerFile?: string;
  workspace?: string;
  json?: true;
}

/** Secrets come from standard input, a file or an environment variable: a command line is visible to every process. */
export function credentialCommands(server: Command, { io, withClient }: Shell): void {
  const noun = server.command('credential').description('what the gateway sends to a server to authenticate itself');
  noun
    .command('set <server>')
    .description('store the credential, sealed; it is never shown again')
    .option('--bearer-stdin', 'read a bearer token from standard input')
    .option('--bearer-env <name>', 'take a bearer token from this environment variable')
    .option('--header-env <header=name>', 'take the value of a header from an environment variable', collect)
    .option('--header-file <path>', "read lines 'Name: value' from a file; - is standard input")
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((slug: string, options: SetOptions) =>
      withClient(async ({ client }) => {
        const body = await readCredential(io, options);
        const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
        printServer(io, options.json, await client.servers.setCredential({ params, body }));
      }),
    );
  noun
    .command('clear <server>')
    .description('stop sending a credential')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((slug: string, options: SetOptions) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
        printServer(io, options.json, await client.servers.clearCredential({ params }));
      }),
    );
}

async function readCredential(
  io: Io,
  options: SetOptions,
): Promise<{ bearer: string } | { headers: Record<string, string> }> {
  const sources = [options.bearerStdin, options.bearerEnv, options.headerEnv, options.headerFile];
  if (sources.filter((source) => source !== undefined).length !== 1) {
    throw new UsageError(
      'Say where the secret is, in one way: --bearer-stdin, --bearer-env, --header-env or --header-file.',
    );
  }
  if (options.bearerStdin === true) return { bearer: (await io.readInput()).trim() };
  if (options.bearerEnv !== undefined) return { bearer: fromEnvironment(io, options.bearerEnv) };
  if (options.headerEnv !== undefined) {
    return {
      headers: Object.fromEntries(
        options.headerEnv.map((pair) => {
          const [header = '', name = ''] = pair.split(/=(.*)/s, 2);
          return [header, fromEnvironment(io, name)];
        }),
      ),
    };
  }
  const path = options.headerFile!;
  return { headers: readHeaderLines(path === '-' ? await io.readInput() : readFileSync(path, 'utf8')) };
}

function fromEnvironment(io: Io, name: string): string {
  const value = io.environment[name];
  if (value === undefined || value === '') throw new UsageError(`The environment variable '${name}' is not set.`);
  return value;
}

function readHeaderLines(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line, index) => {
      const colon = line.indexOf(':');
      // The line may be the secret itself, so it is not repeated.
      if (colon < 1) throw new UsageError(`Line ${index + 1} is not of the form 'Name: value'.`);
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}
