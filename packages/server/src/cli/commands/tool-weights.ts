import type { ToolWeights } from '@mcpnest/contract/schemas/tool-weights';
import type { Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { fields, print, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface Options extends Common {
  member?: string;
  team?: string;
  machine?: string;
}

/** Tools that are printed for people; all are in --json. */
const mostShown = 20;

/** `mcpnest tools weight` */
export function toolWeightCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('tools').description('the tools of a workspace as clients are shown them');
  common(noun.command('weight').description('what the list of tools weighs, and what searching would'))
    .option('--member <member>', 'of what a member is shown; email or id')
    .option('--team <team>', 'of what somebody is shown who is in this team alone')
    .option('--machine <machine>', 'of what a machine is shown; name or id')
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { member, team, machine } = options;
        const weights = await client.toolWeights.show({ params, query: { member, team, machine } });
        print(io, options.json, weights, () => weightText(weights));
      }),
    );
}

const about = ({ tools, bytes, tokens }: ToolWeights['all']): string =>
  `${tools} tools, ${bytes} bytes, about ${tokens} tokens`;

function weightText(weights: ToolWeights): string {
  const { subject, mode, autoAboveTokens, shown, all, search, savedTokens, recommendation, unknown } = weights;
  const columns = { bytes: (row: { bytes: number }) => row.bytes, tokens: (row: { tokens: number }) => row.tokens };
  const head = fields({
    of: subject,
    'tools/list': `${shown} (mode ${mode}, auto above ${autoAboveTokens} tokens)`,
    all: about(all),
    search: `${about(search)}; about ${search.taskTokens} for a task`,
    saved: `about ${savedTokens} tokens in a conversation with one task`,
    ...(unknown.length > 0 ? { 'never read': unknown.join(', ') } : {}),
  });
  const servers = table(weights.servers, { server: (row) => row.server, tools: (row) => row.tools, ...columns });
  const shownTools = weights.tools.slice(0, mostShown);
  const tools = table(shownTools, { server: (row) => row.server, tool: (row) => row.tool, ...columns });
  const more = all.tools > shownTools.length ? `… and ${all.tools - shownTools.length} lighter ones\n` : '';
  return `${head}\n${servers}\n${tools}${more}\n${recommendation}\n`;
}
