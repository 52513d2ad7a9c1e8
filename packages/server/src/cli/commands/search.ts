import { Argument, type Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { fields, print, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: true;
}

const kinds = ['server', 'member', 'team', 'machine', 'token', 'rule'] as const;

/** `mcpnest search` and `mcpnest impact`: what is where, and who would notice if it were gone. */
export function searchCommands(program: Command, { io, withClient }: Shell): void {
  program
    .command('search <words...>')
    .description('find servers, tools, people, teams, machines and tokens by their names')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((words: string[], { workspace, json }: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const found = await client.search.find({ params, query: { words: words.join(' ') } });
        print(io, json, found, () =>
          table(found.items, {
            kind: (row) => row.kind,
            name: (row) => row.name,
            id: (row) => row.id,
            detail: (row) => row.detail,
          }),
        );
        if (json !== true && !found.complete) io.err('There are more: use more words.\n');
      }),
    );
  program
    .command('impact')
    .description('who would notice if something were removed')
    .addArgument(new Argument('<kind>').choices(kinds))
    .argument('<id>', 'slug of a server or team; id of anything else')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((kind: (typeof kinds)[number], id: string, { workspace, json }: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const impact = await client.impacts.show({ params, query: { kind, id } });
        print(io, json, impact, () => fields(impact));
      }),
    );
}
