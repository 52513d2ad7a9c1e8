import type { Command } from 'commander';
import { chooseMachine, chooseMember, chooseWorkspace, confirm } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Common {
  workspace?: string;
  json?: true;
}

/** `mcpnest machine …` */
export function machineCommands(program: Command, shell: Shell): void {
  const { io, withClient } = shell;
  const noun = program
    .command('machine')
    .alias('machines')
    .description('agents, CI and other programs, each with a member who answers for it');
  noun
    .command('create <name>')
    .description('create a machine; then: mcpnest token issue --machine <name>')
    .option('--owner <email or id>', 'the member who answers for it; you when left out')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((name: string, options: Common & { owner?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const ownerId = options.owner === undefined ? undefined : await chooseMember(client, params, options.owner);
        const made = await client.machines.create({ params, body: { name, ownerId } });
        print(io, options.json, made, () => fields(made));
      }),
    );
  noun
    .command('list')
    .description('list the machines')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const list = await client.machines.list({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            name: (row) => row.name,
            state: (row) => row.state,
            owner: (row) => row.ownerEmail,
            'last used': (row) => shortTime(row.lastUsedAt),
            id: (row) => row.id,
          }),
        );
      }),
    );
  noun
    .command('show <machine>')
    .description('show a machine (name or id)')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((named: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const machine = await chooseMachine(client, params, named);
        const shown = await client.machines.show({ params: { ...params, machine } });
        print(io, options.json, shown, () => fields(shown));
      }),
    );
  changeCommands(noun, shell);
  noun
    .command('remove <machine>')
    .description('remove a machine (name or id); its tokens end at once')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((named: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const machine = await chooseMachine(client, params, named);
        await confirm(io, options.yes, `Remove the machine ${named} from ${params.workspace} and end its tokens?`);
        await client.machines.remove({ params: { ...params, machine } });
        io.err(`Removed ${named}.\n`);
      }),
    );
}

interface Change {
  readonly name?: string;
  readonly owner?: string;
  readonly enabled?: boolean;
}

/** Verbs that differ in what they change. */
function changeCommands(noun: Command, { io, withClient }: Shell): void {
  const update = (named: string, change: Change, options: Common) =>
    withClient(async ({ client }) => {
      const params = await chooseWorkspace(client, options.workspace);
      const machine = await chooseMachine(client, params, named);
      const { owner, name, enabled } = change;
      const ownerId = owner === undefined ? undefined : await chooseMember(client, params, owner);
      const changed = await client.machines.update({
        params: { ...params, machine },
        body: { name, ownerId, enabled },
      });
      print(io, options.json, changed, () => fields(changed));
    });
  const verb = (usage: string, description: string) =>
    noun.command(usage).description(description).option('--workspace <slug>').option('--json', 'print JSON');
  verb('rename <machine> <name>', 'give a machine another name').action(
    (named: string, name: string, options: Common) => update(named, { name }, options),
  );
  verb('owner <machine> <member>', 'name the member (email or id) who answers for it; ends a suspension').action(
    (named: string, owner: string, options: Common) => update(named, { owner }, options),
  );
  verb('disable <machine>', 'stop a machine: its tokens stop working at once').action(
    (named: string, options: Common) => update(named, { enabled: false }, options),
  );
  verb('enable <machine>', 'let a machine work again').action((named: string, options: Common) =>
    update(named, { enabled: true }, options),
  );
}
