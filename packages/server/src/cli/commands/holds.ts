import type { Client } from '@mcpnest/contract/client';
import type { Hold } from '@mcpnest/contract/schemas/retention';
import type { Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface RequestOptions extends Common {
  reason: string;
  scope: string;
  from?: string;
  to?: string;
}

/** `mcpnest audit hold …` */
export function holdCommands(audit: Command, { io, withClient }: Shell): void {
  const noun = audit.command('hold').description('legal holds: what must not be deleted, by the word of two people');
  common(noun.command('request <name>').description('hold records from now on; lapses in a week unless confirmed'))
    .requiredOption('--reason <text>', 'why, for the people who read it')
    .option('--scope <scope>', 'workspace, member:<email>, machine:<name>, server:<slug>; or an id', 'workspace')
    .option('--from <time>', 'records from then on (ISO 8601, UTC)')
    .option('--to <time>', 'records before then')
    .action((name: string, { workspace, json, ...body }: RequestOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const hold = await client.holds.request({ params, body: { name, ...body } });
        print(io, json, hold, () => fields(hold));
        io.err(`A second person confirms it with: mcpnest audit hold confirm ${hold.id}\n`);
      }),
    );
  common(noun.command('list').description('list the holds, newest first')).action((options: Common) =>
    withClient(async ({ client }) => {
      const list = await client.holds.list({ params: await chooseWorkspace(client, options.workspace) });
      print(io, options.json, list, () =>
        table(list.items, {
          name: (row) => row.name,
          state: (row) => row.state,
          scope: (row) => row.scope,
          from: (row) => shortTime(row.from),
          to: (row) => shortTime(row.to),
          reason: (row) => row.reason,
          id: (row) => row.id,
        }),
      );
    }),
  );
  const step = (
    usage: string,
    description: string,
    perform: (holds: Client['holds'], params: { workspace: string; hold: string }) => Promise<Hold>,
  ): void => {
    common(noun.command(usage).description(description)).action((id: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), hold: id };
        const hold = await perform(client.holds, params);
        print(io, options.json, hold, () => fields(hold));
      }),
    );
  };
  step('confirm <hold>', 'confirm a hold somebody else has asked for', (holds, params) => holds.confirm({ params }));
  common(noun.command('release <hold>').description('ask for the release of a hold'))
    .requiredOption('--reason <text>', 'why')
    .action((id: string, options: Common & { reason: string }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), hold: id };
        const hold = await client.holds.release({ params, body: { reason: options.reason } });
        print(io, options.json, hold, () => fields(hold));
        io.err(`A second person confirms it with: mcpnest audit hold confirm-release ${hold.id}\n`);
      }),
    );
  step('confirm-release <hold>', 'confirm a release somebody else has asked for', (holds, params) =>
    holds.confirmRelease({ params }),
  );
}
