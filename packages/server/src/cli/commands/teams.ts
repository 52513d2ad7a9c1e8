import type { Command } from 'commander';
import { chooseMember, chooseWorkspace, confirm } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Common {
  workspace?: string;
  json?: true;
}

/** `mcpnest team …` */
export function teamCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('team').alias('teams').description('members of a workspace whom rules name together');
  noun
    .command('create <name>')
    .description('create a team')
    .option('--slug <slug>', 'short name for rules and URLs; made from the name when left out')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((name: string, options: Common & { slug?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const made = await client.teams.create({ params, body: { name, slug: options.slug } });
        print(io, options.json, made, () => fields(made));
      }),
    );
  noun
    .command('list')
    .description('list the teams')
    .option('--member <member>', 'only those this member (email or id) is in')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common & { member?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const query =
          options.member === undefined ? {} : { member: await chooseMember(client, params, options.member) };
        const list = await client.teams.list({ params, query });
        print(io, options.json, list, () =>
          table(list.items, {
            slug: (row) => row.slug,
            name: (row) => row.name,
            members: (row) => row.memberCount,
            since: (row) => shortTime(row.createdAt),
          }),
        );
      }),
    );
  noun
    .command('show <team>')
    .description('show who is in a team')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((team: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), team };
        const shown = await client.teams.show({ params });
        print(io, options.json, shown, () =>
          table(shown.members, { email: (row) => row.email, name: (row) => row.name, role: (row) => row.role }),
        );
      }),
    );
  noun
    .command('rename <team> <name>')
    .description('give a team another name; its slug stays')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((team: string, name: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), team };
        const changed = await client.teams.update({ params, body: { name } });
        print(io, options.json, changed, () => fields(changed));
      }),
    );
  noun
    .command('remove <team>')
    .description('delete a team; its members stay in the workspace')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((team: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), team };
        await confirm(io, options.yes, `Delete the team ${team}?`);
        await client.teams.remove({ params });
        io.err(`Deleted ${team}.\n`);
      }),
    );
  noun
    .command('add-member <team> <member>')
    .description('put a member (email or id) into a team')
    .option('--workspace <slug>')
    .action((team: string, named: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const member = await chooseMember(client, params, named);
        await client.teams.addMember({ params: { ...params, team, member } });
        io.err(`${named} is in ${team}.\n`);
      }),
    );
  noun
    .command('remove-member <team> <member>')
    .description('take a member (email or id) out of a team')
    .option('--workspace <slug>')
    .action((team: string, named: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const member = await chooseMember(client, params, named);
        await client.teams.removeMember({ params: { ...params, team, member } });
        io.err(`${named} is not in ${team}.\n`);
      }),
    );
}
