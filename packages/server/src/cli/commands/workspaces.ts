import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import type { Command } from 'commander';
import { chooseWorkspace, collect, readLimits, wholeNumber, writeLimits } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { fields, print, table } from '../output.ts';
import type { Shell } from '../program.ts';

const show = (workspace: Workspace): string =>
  fields({
    slug: workspace.slug,
    name: workspace.name,
    gateway: workspace.gatewayUrl,
    audit: workspace.settings.auditMode,
    'kept for': `${workspace.settings.retentionDays} days`,
    limits: writeLimits(workspace.settings.limits),
    created: workspace.createdAt,
  });

/** `mcpnest workspace …` */
export function workspaceCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('workspace').description('Workspaces: one gateway URL each');
  noun
    .command('create <name>')
    .description('create a workspace')
    .option('--slug <slug>', 'its name in URLs; made from the name when left out')
    .option('--json', 'print JSON')
    .action((name: string, options: { slug?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const made = await client.workspaces.create({ body: { name, slug: options.slug } });
        print(io, options.json, made, () => show(made));
      }),
    );
  noun
    .command('list')
    .description('list the workspaces')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const { items } = await client.workspaces.list();
        print(io, options.json, { items }, () =>
          table(items, { slug: (row) => row.slug, name: (row) => row.name, gateway: (row) => row.gatewayUrl }),
        );
      }),
    );
  noun
    .command('show [workspace]')
    .description('show a workspace and its settings')
    .option('--json', 'print JSON')
    .action((named: string | undefined, options: { json?: true }) =>
      withClient(async ({ client }) => {
        const found = await client.workspaces.show({ params: await chooseWorkspace(client, named) });
        print(io, options.json, found, () => show(found));
      }),
    );
  noun
    .command('update [workspace]')
    .description('change name or settings')
    .option('--name <name>')
    .option('--audit <mode>', 'available or strict', readAuditMode)
    .option('--retention-days <days>', 'how long tool calls are kept (30 to 2555)', wholeNumber)
    .option('--limit <name=number>', 'principalPerMinute, workspacePerMinute (or none), principalConcurrency', collect)
    .option('--json', 'print JSON')
    .action((named: string | undefined, options: UpdateOptions) =>
      withClient(async ({ client }) => {
        const { name, audit: auditMode, retentionDays } = options;
        // The server names wrong limits; the types only know the right ones.
        const limits = readLimits(options.limit) as Record<string, number> | undefined;
        const settings = { auditMode, retentionDays, limits };
        const touched = Object.values(settings).some((value) => value !== undefined);
        const params = await chooseWorkspace(client, named);
        const changed = await client.workspaces.update({ params, body: { name, ...(touched ? { settings } : {}) } });
        print(io, options.json, changed, () => show(changed));
      }),
    );
}

interface UpdateOptions {
  name?: string;
  audit?: 'available' | 'strict';
  retentionDays?: number;
  limit?: string[];
  json?: true;
}

function readAuditMode(text: string): 'available' | 'strict' {
  if (text === 'available' || text === 'strict') return text;
  throw new UsageError(`'${text}' is not an audit mode; use available or strict.`);
}
