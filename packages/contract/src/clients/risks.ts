import type { ImportedServer } from './imported.ts';
import { secretsOf } from './imported.ts';

/** What is dangerous about a server as a client has it, and what MCPNest does about it. */
export interface Risk {
  readonly code:
    | 'plain-text-credential'
    | 'local-process'
    | 'unpinned-package'
    | 'no-authentication'
    | 'clear-text'
    | 'wide-access';
  readonly message: string;
  readonly remedy: string;
}

/** The risks of one server, the worst first. No message holds a value of the configuration. */
export function risksOf(server: ImportedServer): Risk[] {
  const risks: Risk[] = [];
  const secrets = secretsOf(server).length;
  if (secrets > 0) {
    risks.push({
      code: 'plain-text-credential',
      message: `${secrets === 1 ? 'A credential is' : `${secrets} credentials are`} readable in the file.`,
      remedy: 'MCPNest keeps it sealed and sends it itself; replace it where it was made, since it was readable here.',
    });
  }
  if (server.kind === 'stdio') risks.push(...processRisks(server));
  else risks.push(...addressRisks(server));
  return risks;
}

function processRisks({ command = '', args }: ImportedServer): Risk[] {
  const words = [command, ...args.map(({ value }) => value)];
  const risks: Risk[] = [];
  if (words.some((word) => /docker\.sock|^--privileged$|^--net(?:work)?=host$/.test(word)) || args.some(isWide)) {
    risks.push({
      code: 'wide-access',
      message: 'It is given a whole disk, home or the container runtime.',
      remedy: 'Hosted servers get a container with nothing of the host in it.',
    });
  }
  risks.push({
    code: 'local-process',
    message: 'It runs on this machine with all rights of this person, and nobody sees what it is asked.',
    remedy: 'Host it: it runs confined, and each call is authorised and recorded.',
  });
  const named = npmPackage(
    command,
    args.map(({ value }) => value),
  );
  if (named !== undefined && !/^\d+\.\d+\.\d+/.test(named.version ?? '')) {
    risks.push({
      code: 'unpinned-package',
      message: 'What it runs is fetched anew at each start, in whatever version there is then.',
      remedy: 'Hosted servers are built once at an exact version.',
    });
  }
  return risks;
}

const isWide = ({ value }: { readonly value: string }): boolean =>
  /^(?:\/|~\/?|[A-Z]:\\?|\/home\/[^/]+\/?|\/Users\/[^/]+\/?|\$HOME|\/:.*|\/etc(?:\/.*)?)$/.test(value);

function addressRisks({ url = '', headers, urlSecrets }: ImportedServer): Risk[] {
  const risks: Risk[] = [];
  const { protocol, hostname } = new URL(url);
  const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !loopback) {
    risks.push({
      code: 'clear-text',
      message: 'What is said to it can be read on the way.',
      remedy: 'Use its https:// address.',
    });
  }
  if (headers.length === 0 && urlSecrets.length === 0) {
    risks.push({
      code: 'no-authentication',
      message: 'It is asked without any credential here, so it may answer anybody.',
      remedy: 'Behind MCPNest only those with a token reach it, each with what the rules give them.',
    });
  }
  return risks;
}

/** The npm package that a command fetches and runs; undefined for any other command. */
export function npmPackage(
  command: string,
  args: readonly string[],
): { readonly name: string; readonly version: string | undefined } | undefined {
  const runner = command
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.(?:cmd|exe|ps1)$/i, '');
  const rest = args[0] === 'dlx' || args[0] === 'exec' || args[0] === 'x' ? args.slice(1) : args;
  const runs = ['npx', 'bunx'].includes(runner) || (['npm', 'pnpm', 'yarn', 'bun'].includes(runner) && rest !== args);
  if (!runs) return undefined;
  const explicit = rest.findIndex((word) => word === '-p' || word === '--package');
  const inline = rest.find((word) => word.startsWith('--package='))?.slice('--package='.length);
  const word = inline ?? (explicit >= 0 ? rest[explicit + 1] : rest.find((each) => !each.startsWith('-')));
  const [, name, version] =
    /^((?:@[a-z0-9~.-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)(?:@([\w.^~*+-]+))?$/.exec(word ?? '') ?? [];
  return name === undefined ? undefined : { name, version };
}

/**
 * The catalogue's entry for what a command runs, matched by npm package alone; its arguments and variables are left for
 * whoever hosts it.
 * @returns its slug; undefined: it is not in the catalogue
 */
export function matchHosted(
  command: string,
  args: readonly string[],
  catalogue: readonly { readonly slug: string; readonly package: { readonly name: string } }[],
): string | undefined {
  const named = npmPackage(command, args);
  return named && catalogue.find((entry) => entry.package.name === named.name)?.slug;
}
