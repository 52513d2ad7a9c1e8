import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { conflict } from '../../domain/errors.ts';
import { confirm } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

/** `mcpnest setup …` and `mcpnest session …`: getting people into the console and out of it. */
export function sessionCommands(program: Command, { io, withClient }: Shell): void {
  program
    .command('setup')
    .description('the first owner of an instance')
    .command('link')
    .description('print a link by which somebody becomes the first owner; at the data folder only')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const { config, secrets } = loadConfig(io.environment);
      if (secrets.apiKey !== undefined)
        throw new UsageError('The set-up link is made at the data folder. Unset MCPNEST_API_KEY and run it there.');
      const { openLocal } = await import('../local.ts');
      const { issueSetupLink } = await import('../../control/signing-in/signing-in.ts');
      await using local = await openLocal(config, secrets, io);
      const { database, bus, clock } = local.deps;
      const made = await issueSetupLink({ db: database.db, bus, clock }, { kind: 'local' }, local.url);
      if (made === undefined) {
        throw conflict(
          'An owner of this instance can sign in already. A new password for a person: mcpnest people reset-link <email>',
        );
      }
      print(io, json, made, () => `${made.link}\n`);
      io.err('It works once, for an hour. Hand it to nobody you would not make an owner.\n');
    });
  const noun = program.command('session').alias('sessions').description('where people are signed in to the console');
  noun
    .command('list <email>')
    .description('list where a person is signed in')
    .option('--json', 'print JSON')
    .action((email: string, { json }: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.people.sessions({ params: { email } });
        print(io, json, list, () =>
          table(list.items, {
            id: (row) => row.id,
            began: (row) => shortTime(row.createdAt),
            seen: (row) => shortTime(row.lastSeenAt),
            address: (row) => row.address,
            browser: (row) => row.browser,
            by: (row) => row.authMethod,
          }),
        );
      }),
    );
  noun
    .command('revoke <email>')
    .description('end all sessions of a person now')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action((email: string, { yes, json }: { yes?: true; json?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, yes, `End all sessions of ${email}?`);
        const done = await client.people.endSessions({ params: { email } });
        print(io, json, done, () => `${done.ended} ended.\n`);
      }),
    );
}
