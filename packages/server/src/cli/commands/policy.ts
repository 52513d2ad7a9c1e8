import type { SimulatedCalls, Simulation } from '@mcpnest/contract/schemas/access';
import type { Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { print, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, readDocument, ruleTable, type Common } from './rule-text.ts';

interface Options extends Common {
  document?: string;
  preset?: 'open' | 'strict';
  enforcement?: boolean;
  days?: number;
  proposal?: true;
}

/** `mcpnest rules simulate` and `unused`: what rules do to recorded calls. */
export function policyCommands(noun: Command, { io, withClient }: Shell): void {
  common(noun.command('simulate').description('try rules or settings on recorded calls; changes nothing'))
    .option('--document <file>', 'rules to try, as rules export prints them; - reads standard input')
    .option('--preset <preset>', 'open or strict', readPreset)
    .option('--enforcement <on|off>', 'as if the switch were so', readSwitch)
    .option('--days <days>', 'how many days of calls (1 to 90)', wholeNumber, 30)
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { preset, enforcement, days } = options;
        const document = options.document === undefined ? undefined : await readDocument(io, options.document);
        const result = await client.policy.simulate({ params, body: { document, preset, enforcement, days } });
        print(io, options.json, result, () => simulationText(result));
      }),
    );
  common(noun.command('unused').description('allow rules that no recorded call has needed'))
    .option('--days <days>', 'for how long: 30, 60, 90', wholeNumber, 90)
    .option('--proposal', 'print a document that ends them, for rules import')
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const report = await client.policy.unused({ params, query: { days: options.days } });
        if (options.proposal !== true) return print(io, options.json, report, () => ruleTable(report.items));
        if (report.proposal === null) throw new UsageError('There is nothing to end.');
        io.out(`${JSON.stringify(report.proposal, null, 2)}\n`);
      }),
    );
}

export function readPreset(text: string): 'open' | 'strict' {
  if (text === 'open' || text === 'strict') return text;
  throw new UsageError(`'${text}' is not a preset; use open or strict.`);
}

export function readSwitch(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new UsageError(`'${text}' is neither on nor off.`);
}

const callTable = (lines: readonly SimulatedCalls[]): string =>
  table(lines, {
    who: (row) => row.who,
    server: (row) => row.server,
    tool: (row) => row.tool,
    calls: (row) => row.calls,
    last: (row) => row.lastAt,
    today: (row) => row.before,
    then: (row) => row.after,
  });

function simulationText(result: Simulation): string {
  const { from, calls, skipped, complete } = result;
  const cut = complete ? '' : ' There are more; name fewer days.';
  return [
    `${calls} calls since ${from}, ${skipped} of them by or to what is gone.${cut}\n`,
    `Newly denied:\n${callTable(result.newlyDenied)}`,
    `Newly allowed:\n${callTable(result.newlyAllowed)}`,
  ].join('\n');
}
