import type { Drill } from '@mcpnest/contract/schemas/drills';
import type { Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

/** `mcpnest drill …` */
export function drillCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('drill').description('treat a server as failing for a while, to see who notices');
  common(noun.command('start <server>').description('begin; it ends by itself'))
    .option('--seconds <number>', 'how long (1 to 600; 60 when left out)', wholeNumber)
    .action((server: string, options: Common & { seconds?: number }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const made = await client.drills.start({ params, body: { seconds: options.seconds } });
        print(io, options.json, made, () => report([made]));
      }),
    );
  common(noun.command('report <server>').description('the last drills, and who was affected')).action(
    (server: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const list = await client.drills.list({ params });
        print(io, options.json, list, () => report(list.items));
      }),
  );
  noun
    .command('stop <server>')
    .description('end the drill that runs')
    .option('--workspace <slug>')
    .action((server: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        await client.drills.stop({ params });
        io.err(`The drill of '${server}' has ended. Who was affected: mcpnest drill report ${server}\n`);
      }),
    );
}

const report = (drills: readonly Drill[]): string =>
  table(drills, {
    from: (row) => shortTime(row.startedAt),
    to: (row) => shortTime(row.endsAt),
    state: (row) => (row.running ? 'running' : 'ended'),
    calls: (row) => row.calls,
    affected: (row) => row.affected.map(({ who, calls }) => `${who} (${calls})`).join(', ') || 'nobody',
  });
