import type { Client } from '@mcpnest/contract/client';
import type { Command } from 'commander';
import { chooseMachine, chooseMember, chooseWorkspace, collect, confirm, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { print, shortTime, table } from '../output.ts';
import type { Io } from '../io.ts';
import type { Shell } from '../program.ts';

interface Common {
  workspace?: string;
  json?: true;
}

interface IssueOptions extends Common {
  label: string;
  mine?: true;
  member?: string;
  machine?: string;
  scope?: string[];
  expiresAt?: string;
  expiresInDays?: number;
}

/** Print a new secret alone on standard output, so that it can be piped; what is said about it goes to the person. */
export function printSecret(io: Io, json: boolean | undefined, issued: { secret: string }, what: string): void {
  if (json !== true) io.err(`${what} It is shown this once and stored nowhere:\n`);
  print(io, json, issued, () => `${issued.secret}\n`);
}

/** For whom a new token acts; for the workspace and nobody in particular when nobody is named. */
async function chooseHolder(
  client: Client,
  params: { workspace: string },
  { mine, member, machine }: IssueOptions,
): Promise<{ kind: 'workspace' | 'member' | 'machine'; memberId?: string; machineId?: string }> {
  if ([mine, member, machine].filter((given) => given !== undefined).length > 1)
    throw new UsageError('Give only one of --mine, --member and --machine.');
  if (mine === true) return { kind: 'member' };
  if (member !== undefined) return { kind: 'member', memberId: await chooseMember(client, params, member) };
  if (machine !== undefined) return { kind: 'machine', machineId: await chooseMachine(client, params, machine) };
  return { kind: 'workspace' };
}

/** `mcpnest token …` */
export function tokenCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('token').alias('tokens').description('gateway tokens (mng_…) that open the data plane');
  noun
    .command('issue')
    .description('issue a token and print it')
    .requiredOption('--label <text>', 'what it is for')
    .option('--mine', 'act for yourself')
    .option('--member <email or id>', 'act for this member')
    .option('--machine <name or id>', 'act for this machine; ends after 90 days unless told otherwise')
    .option('--scope <entry>', 'limit it to a server (github) or tool (github:list_issues); may be repeated', collect)
    .option('--expires-at <time>', 'ISO 8601, UTC')
    .option('--expires-in-days <days>', 'days until it ends', wholeNumber)
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: IssueOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { label, scope, expiresAt, expiresInDays } = options;
        const holder = await chooseHolder(client, params, options);
        const body = { ...holder, label, scope, expiresAt, expiresInDays };
        printSecret(
          io,
          options.json,
          await client.tokens.issue({ params, body }),
          `Token '${label}' for ${params.workspace}.`,
        );
      }),
    );
  noun
    .command('console')
    .description('issue yourself a token to try tools with, for ten minutes, and print it')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const issued = await client.tokens.issueForConsole({ params });
        printSecret(io, options.json, issued, `Token for ${params.workspace}, for ten minutes.`);
      }),
    );
  noun
    .command('list')
    .description('list the tokens, ended ones included')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const list = await client.tokens.list({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            id: (row) => row.id,
            label: (row) => row.label,
            kind: (row) => row.purpose ?? row.kind,
            token: (row) => `mng_…${row.hint}`,
            'last used': (row) => shortTime(row.lastUsedAt),
            scope: (row) => row.scope?.join(',') ?? 'all',
            created: (row) => shortTime(row.createdAt),
            ends: (row) => (row.revokedAt === null ? shortTime(row.expiresAt) : 'revoked'),
          }),
        );
      }),
    );
  noun
    .command('rotate <id>')
    .description('replace a token by a new one and print it')
    .option('--overlap <seconds>', 'how long the old one goes on working', wholeNumber, 0)
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((id: string, options: Common & { overlap: number }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), token: id };
        const issued = await client.tokens.rotate({ params, body: { overlapSeconds: options.overlap } });
        printSecret(io, options.json, issued, 'The new token.');
      }),
    );
  noun
    .command('revoke <id>')
    .description('end a token now')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((id: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), token: id };
        await confirm(io, options.yes, `Revoke the token ${id}?`);
        await client.tokens.revoke({ params });
        io.err('Revoked.\n');
      }),
    );
}
