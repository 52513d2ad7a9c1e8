import type { Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

/** `mcpnest connection …` */
export function connectionCommands(program: Command, { io, withClient }: Shell): void {
  program
    .command('connection')
    .alias('connections')
    .description('clients that have come, and whether they know the present tools')
    .command('list')
    .description('list them, those heard of last first')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: { workspace?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.connections.list({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            client: (row) => `${row.client === '' ? 'unnamed' : row.client} ${row.version}`.trim(),
            token: (row) => row.tokenLabel,
            server: (row) => row.server ?? 'all',
            era: (row) => row.era,
            since: (row) => shortTime(row.since),
            last: (row) => shortTime(row.lastRequestAt),
            tools: (row) => {
              if (row.toolsReadAt === null) return 'not read';
              return row.staleSince === null ? 'current' : `stale since ${shortTime(row.staleSince)}; reconnect`;
            },
          }),
        );
      }),
    );
}
