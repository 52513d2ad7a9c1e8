import type { Retention } from '@mcpnest/contract/schemas/retention';
import type { Command } from 'commander';
import { chooseWorkspace, confirm, wholeNumber } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

/** `mcpnest audit retention …` */
export function retentionCommands(audit: Command, { io, withClient }: Shell): void {
  const noun = audit.command('retention').description('how long records are kept');
  common(noun.command('show').description('what is kept, what would go, what was deleted or held')).action(
    (options: Common) =>
      withClient(async ({ client }) => {
        const shown = await client.retention.show({ params: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, shown, () => retentionText(shown));
      }),
  );
  common(noun.command('set <days>').description('30 to 2555 days; a shorter term takes effect after a week'))
    .option('--yes', 'do not ask')
    .action((days: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const wanted = wholeNumber(days);
        const before = await client.retention.show({ params });
        if (wanted < before.days)
          await confirm(io, options.yes, `Delete what is older than ${wanted} days, a week from now?`);
        const shown = await client.retention.set({ params, body: { days: wanted } });
        print(io, options.json, shown, () => retentionText(shown));
      }),
    );
}

function retentionText(shown: Retention): string {
  const { days, daysInForce, eventDays, shortening, holds, lastRun } = shown;
  const lines = fields({
    'calls are kept': `${daysInForce} days`,
    'events are kept': `${eventDays} days`,
    ...(shortening === null
      ? {}
      : {
          shortening: `to ${days} days in the end; the next step on ${shortTime(shortening.effectiveAt)}`,
          'would go then': `${shortening.calls} calls of ${shortening.ofDays} days`,
          'undo it with': 'mcpnest audit retention set <the longer term>',
        }),
    'legal holds': holds,
    'last run': lastRun === null ? 'not yet' : lastRunText(lastRun),
  });
  const clocks = table(shown.clocks, {
    node: (row) => row.node,
    checked: (row) => shortTime(row.checkedAt),
    'clock moved by': (row) => `${row.driftMs} ms`,
    'nothing deleted because': (row) => row.withheld,
  });
  return shown.clocks.length === 0 ? lines : `${lines}\n${clocks}`;
}

const lastRunText = ({ on, calls, events, others, held, holds }: NonNullable<Retention['lastRun']>): string =>
  `${on}: deleted ${calls} calls, ${events} events, ${others} others; ${held} calls held${holds.length === 0 ? '' : ` by ${holds.join(', ')}`}`;
