import type { Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface StopOptions extends Common {
  reason: string;
  minutes?: number;
  machines?: boolean;
}

/** `mcpnest stop …` */
export function stopCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('stop').description('stop somebody or something at once, whatever the rules say');
  const verb = (usage: string, description: string, targetOf: (...args: string[]) => string): Command => {
    const command = common(noun.command(usage).description(description))
      .requiredOption('--reason <text>', 'why, for the people who read it')
      .option('--minutes <number>', 'end by itself after so many minutes', wholeNumber);
    command.action(() =>
      withClient(async ({ client }) => {
        const options = command.opts<StopOptions>();
        const params = await chooseWorkspace(client, options.workspace);
        const body = {
          target: targetOf(...command.args),
          reason: options.reason,
          expiresInMinutes: options.minutes,
          machines: options.machines,
        };
        const made = await client.stops.create({ params, body });
        print(io, options.json, made, () => fields(made));
      }),
    );
    return command;
  };
  verb(
    'member <member>',
    'stop a member (email or id), whichever token they use, and the machines they own',
    (name) => `member:${name}`,
  ).option('--no-machines', 'let the machines they own go on');
  verb('machine <machine>', 'stop a machine (name or id)', (name) => `machine:${name}`);
  verb('token <id>', 'stop a token without ending it', (id) => `token:${id}`);
  verb('server <server>', 'stop a server for everybody', (server) => `server:${server}`);
  verb('tool <server> <tool>', 'stop one tool for everybody', (server, tool) => `tool:${server}:${tool}`);
  common(noun.command('list').description('what is stopped')).action((options: Common) =>
    withClient(async ({ client }) => {
      const list = await client.stops.list({ params: await chooseWorkspace(client, options.workspace) });
      print(io, options.json, list, () =>
        table(list.items, {
          target: (row) => row.target,
          state: (row) => (row.active ? 'stopped' : 'ended'),
          with: (row) => row.machines.join(' '),
          until: (row) => shortTime(row.expiresAt),
          reason: (row) => row.reason,
          id: (row) => row.id,
        }),
      );
    }),
  );
  noun
    .command('lift <stop>')
    .description('lift a stop (id, see: mcpnest stop list)')
    .option('--workspace <slug>')
    .action((stop: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), stop };
        await client.stops.remove({ params });
        io.err(`Lifted ${stop}.\n`);
      }),
    );
}
