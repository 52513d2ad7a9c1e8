import { roles } from '@mcpnest/contract/operation';
import type { Role } from '@mcpnest/contract/operation';
import type { Command } from 'commander';
import { confirm, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { printSecret } from './tokens.ts';

interface Common {
  workspace?: string;
  json?: true;
}

/** A role given on the command line. */
export function readRole(text: string): Role {
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new UsageError(`'${text}' is not a role; use ${roles.join(', ')}.`);
  return role;
}

/** Without --workspace the keys of the whole instance are meant. */
export function keyCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('key').description('control keys (mnk_…) that open the control API');
  const which = '--workspace <slug>';
  const whichMeaning = 'keys bound to this workspace; otherwise those of the whole instance';
  noun
    .command('issue')
    .description('issue a key and print it')
    .requiredOption('--role <role>', 'owner, admin or member', readRole)
    .requiredOption('--label <text>', 'what it is for')
    .option('--email <email>', 'whose key it is; your own when left out')
    .option('--expires-at <time>', 'ISO 8601, UTC')
    .option('--expires-in-days <days>', 'days until it ends', wholeNumber)
    .option(which, whichMeaning)
    .option('--json', 'print JSON')
    .action(
      (options: Common & { role: Role; label: string; email?: string; expiresAt?: string; expiresInDays?: number }) =>
        withClient(async ({ client }) => {
          const { workspace, role, label, email, expiresAt, expiresInDays } = options;
          const body = { role, label, email, expiresAt, expiresInDays };
          const issued =
            workspace === undefined
              ? await client.instanceKeys.issue({ body })
              : await client.apiKeys.issue({ params: { workspace }, body });
          printSecret(io, options.json, issued, `Control key '${label}' (${role}) for ${issued.apiKey.email}.`);
        }),
    );
  noun
    .command('list')
    .description('list the keys, ended ones included')
    .option(which, whichMeaning)
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const { workspace } = options;
        const list =
          workspace === undefined
            ? await client.instanceKeys.list()
            : await client.apiKeys.list({ params: { workspace } });
        print(io, options.json, list, () =>
          table(list.items, {
            id: (row) => row.id,
            label: (row) => row.label,
            email: (row) => row.email,
            role: (row) => row.role,
            key: (row) => `mnk_…${row.hint}`,
            'last used': (row) => shortTime(row.lastUsedAt),
            ends: (row) => (row.revokedAt === null ? shortTime(row.expiresAt) : 'revoked'),
          }),
        );
      }),
    );
  noun
    .command('rotate <id>')
    .description('replace a key by a new one and print it')
    .option('--overlap <seconds>', 'how long the old one goes on working', wholeNumber, 0)
    .option(which, whichMeaning)
    .option('--json', 'print JSON')
    .action((key: string, options: Common & { overlap: number }) =>
      withClient(async ({ client }) => {
        const { workspace } = options;
        const body = { overlapSeconds: options.overlap };
        const issued =
          workspace === undefined
            ? await client.instanceKeys.rotate({ params: { key }, body })
            : await client.apiKeys.rotate({ params: { workspace, key }, body });
        printSecret(io, options.json, issued, 'The new control key.');
      }),
    );
  noun
    .command('revoke <id>')
    .description('end a key now')
    .option('--yes', 'do not ask')
    .option(which, whichMeaning)
    .action((key: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, `Revoke the control key ${key}?`);
        const { workspace } = options;
        if (workspace === undefined) await client.instanceKeys.revoke({ params: { key } });
        else await client.apiKeys.revoke({ params: { workspace, key } });
        io.err('Revoked.\n');
      }),
    );
}
