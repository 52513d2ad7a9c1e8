import type { Role } from '@mcpnest/contract/operation';
import type { Command } from 'commander';
import { tokenPrefix } from '../../domain/token.ts';
import { chooseWorkspace, collect, confirm, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { readRole } from './keys.ts';
import { printSecret } from './tokens.ts';

interface Common {
  workspace?: string;
  json?: true;
}

interface CreateOptions extends Common {
  role: Role;
  team?: string[];
  expiresInDays?: number;
}

/** `mcpnest invitation …` */
export function invitationCommands(program: Command, { io, withClient, withSecret }: Shell): void {
  const noun = program
    .command('invitation')
    .alias('invitations')
    .description('single-use secrets (mni_…) that make a person a member');
  noun
    .command('create <email>')
    .description('invite a person and print the secret; no e-mail is sent, hand it over yourself')
    .option('--role <role>', 'owner, admin or member', readRole, 'member')
    .option('--team <slug>', 'a team the person will be in; may be repeated', collect)
    .option('--expires-in-days <days>', 'days during which it can be accepted; 7 when left out', wholeNumber)
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((email: string, options: CreateOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { role, team: teams, expiresInDays } = options;
        const made = await client.invitations.create({ params, body: { email, role, teams, expiresInDays } });
        const until = shortTime(made.invitation.expiresAt);
        printSecret(
          io,
          options.json,
          made,
          `Invitation of ${made.invitation.email} to ${params.workspace} (${role}), open until ${until}. No e-mail is sent: hand it over yourself. They accept it in the browser at ${made.link.replace(/#.*$/, '')}#<secret>, or with: mcpnest invitation accept.`,
        );
      }),
    );
  noun
    .command('list')
    .description('list the invitations, those no longer open included')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const list = await client.invitations.list({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            id: (row) => row.id,
            email: (row) => row.email,
            role: (row) => row.role,
            teams: (row) => row.teams.join(','),
            state: (row) => row.state,
            ends: (row) => shortTime(row.expiresAt),
          }),
        );
      }),
    );
  noun
    .command('revoke <id>')
    .description('end an invitation now')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((invitation: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), invitation };
        await confirm(io, options.yes, `Revoke the invitation ${invitation}?`);
        await client.invitations.revoke({ params });
        io.err('Revoked.\n');
      }),
    );
  noun
    .command('accept')
    .description('accept an invitation, its secret on standard input, and print your control key')
    .option('--name <name>', 'your name')
    .option('--json', 'print JSON')
    .action(async (options: Common & { name?: string }) => {
      const secret = await readSecret(io);
      await withSecret(secret, async ({ client }) => {
        const accepted = await client.invitations.accept({ body: { name: options.name } });
        const { workspace, member } = accepted;
        printSecret(
          io,
          options.json,
          accepted,
          `${member.email} is ${member.role} of ${workspace} now. Keep this control key as MCPNEST_API_KEY; a gateway token of your own comes from: mcpnest token issue --mine --workspace ${workspace} --label <text>.`,
        );
      });
    });
}

/** Never an argument: those stand in the list of processes and in the shell's history. */
async function readSecret(io: Io): Promise<string> {
  const given = io.interactive ? await io.ask('Secret of the invitation (mni_…): ') : await io.readInput();
  const secret = given.trim();
  if (tokenPrefix(secret) === 'mni_') return secret;
  throw new UsageError('Give the secret of the invitation (mni_…) on standard input.');
}
