import type { ServerTool } from '@mcpnest/contract/schemas/access';
import { toolClasses } from '@mcpnest/contract/rule-form';
import type { Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { plain, print, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

/** `mcpnest server tools` and `classify` */
export function serverToolCommands(server: Command, { io, withClient }: Shell): void {
  common(
    server.command('tools <server>').description('its tools and their classes; what the server claims decides nothing'),
  ).action((slug: string, options: Common) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
      const list = await client.serverTools.list({ params });
      print(io, options.json, list, () => toolTable(list.items) + oddities(list.items));
    }),
  );
  common(
    server
      .command('classify <server> <tool=class...>')
      .description('say what tools do: read, write or destructive; none takes it back'),
  ).action((slug: string, pairs: string[], options: Common) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
      const list = await client.serverTools.classify({ params, body: { classes: pairs.map(readPair) } });
      print(io, options.json, list, () => toolTable(list.items));
    }),
  );
}

function readPair(pair: string): { tool: string; class: ServerTool['class'] | null } {
  const at = pair.lastIndexOf('=');
  const word = pair.slice(at + 1);
  const known = toolClasses.find((name) => name === word);
  if (at > 0 && (known !== undefined || word === 'none')) return { tool: pair.slice(0, at), class: known ?? null };
  throw new UsageError(`'${pair}' is not tool=class; the class is read, write, destructive or none.`);
}

const toolTable = (tools: readonly ServerTool[]): string =>
  table(tools, {
    tool: (row) => row.tool,
    class: (row) => (row.set ? row.class : `${row.class} (not set)`),
    claimed: (row) => row.claimed,
    listed: (row) => (row.listed ? 'yes' : 'no'),
  });

const oddities = (tools: readonly ServerTool[]): string =>
  tools
    .flatMap(({ tool, warnings }) => warnings.map(({ message }) => `warning: ${plain(tool)}: ${plain(message)}\n`))
    .join('');
