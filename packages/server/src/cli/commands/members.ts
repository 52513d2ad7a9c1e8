import type { Role } from '@mcpnest/contract/operation';
import type { Command } from 'commander';
import { chooseMember, chooseWorkspace, confirm } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { readRole } from './keys.ts';

interface Common {
  workspace?: string;
  json?: true;
}

/** `mcpnest member …` */
export function memberCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('member').alias('members').description('the people of a workspace');
  noun
    .command('add <email>')
    .description('add a person')
    .option('--name <name>')
    .option('--role <role>', 'owner, admin or member', readRole, 'member')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((email: string, options: Common & { name?: string; role: Role }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const made = await client.members.add({ params, body: { email, name: options.name, role: options.role } });
        print(io, options.json, made, () => fields(made));
      }),
    );
  noun
    .command('list')
    .description('list the people and their roles')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const list = await client.members.list({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            email: (row) => row.email,
            name: (row) => row.name,
            role: (row) => row.role,
            since: (row) => shortTime(row.createdAt),
            id: (row) => row.id,
          }),
        );
      }),
    );
  noun
    .command('role <member> <role>')
    .description('give a member (email or id) another role')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((named: string, role: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const member = await chooseMember(client, params, named);
        const changed = await client.members.update({ params: { ...params, member }, body: { role: readRole(role) } });
        print(io, options.json, changed, () => fields(changed));
      }),
    );
  noun
    .command('remove <member>')
    .description('remove a person (email or id); their tokens and keys end at once')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((named: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const member = await chooseMember(client, params, named);
        await confirm(io, options.yes, `Remove ${named} from ${params.workspace} and end their tokens and keys?`);
        await client.members.remove({ params: { ...params, member } });
        io.err(`Removed ${named}.\n`);
      }),
    );
}
