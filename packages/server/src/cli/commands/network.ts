import type { Command } from 'commander';
import { confirm } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

/** `mcpnest network …` */
export function networkCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('network').description('private addresses the gateway may reach');
  noun
    .command('allow <host:port>')
    .description('open exactly this private or loopback address')
    .option('--note <text>', 'why')
    .option('--json', 'print JSON')
    .action((target: string, options: { note?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const made = await client.network.allow({ body: { target, note: options.note } });
        print(io, options.json, made, () => fields({ opened: made.target, note: made.note }));
      }),
    );
  noun
    .command('list')
    .description('list the opened addresses')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.network.list();
        print(io, options.json, list, () =>
          table(list.items, {
            target: (row) => row.target,
            since: (row) => shortTime(row.createdAt),
            by: (row) => row.createdBy,
            note: (row) => row.note,
          }),
        );
      }),
    );
  noun
    .command('revoke <host:port>')
    .description('close an opened address again')
    .option('--yes', 'do not ask')
    .action((target: string, options: { yes?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, `Close ${target}? Servers there stop working.`);
        await client.network.revoke({ params: { target } });
        io.err(`Closed ${target}.\n`);
      }),
    );
}
