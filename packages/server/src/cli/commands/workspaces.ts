import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import type { Command } from 'commander';
import type { HostingPlan } from '../../domain/hosted/hosting.ts';
import { readToolListMode, type ToolListMode } from '../../domain/tool-list.ts';
import { chooseWorkspace, collect, readLimits, wholeNumber, writeLimits } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { fields, print, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { readPreset, readSwitch } from './policy.ts';

const show = (workspace: Workspace): string =>
  fields({
    slug: workspace.slug,
    name: workspace.name,
    gateway: workspace.gatewayUrl,
    access: accessText(workspace.settings.access),
    'may publish': workspace.settings.publishing.teams.map((team) => `team:${team}`).join(', ') || 'administrators',
    audit: workspace.settings.auditMode,
    'kept for': `${workspace.settings.retentionDays} days`,
    'tools/list': toolListText(workspace.settings.toolList),
    hosting: hostingText(workspace.settings.hosting),
    limits: writeLimits(workspace.settings.limits),
    created: workspace.createdAt,
  });

type Hosting = Workspace['settings']['hosting'];

const hostingText = ({ orchestratorEnabled, plan, personalPerMember, ...asleep }: Hosting): string =>
  orchestratorEnabled
    ? `on, plan ${plan}, ${asleepText(asleep)}, personal instances of each member: ${personalPerMember}`
    : 'off';

const asleepText = ({ idleMinutes, pausedMinutes }: Pick<Hosting, 'idleMinutes' | 'pausedMinutes'>): string =>
  idleMinutes === null ? 'never asleep' : `asleep after ${idleMinutes} minutes, removed after ${pausedMinutes} more`;

const toolListText = ({ mode, autoAboveTokens }: Workspace['settings']['toolList']): string =>
  mode === 'auto' ? `search above ${autoAboveTokens} tokens, otherwise all` : mode;

/** While a workspace is open, it says so wherever it is shown. */
const accessText = ({ preset, enforcement }: Workspace['settings']['access']): string => {
  if (preset === 'strict') return 'strict: no rule, no access';
  const rules = enforcement ? 'allow rules enforced' : 'allow rules only observed';
  return `open: full access without a rule; ${rules} (recommended: --preset strict)`;
};

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
    .option('--preset <preset>', 'open: full access without a rule. strict: no rule, no access', readPreset)
    .option('--enforcement <on|off>', 'whether allow rules refuse what they do not list', readSwitch)
    .option('--tool-list <mode>', 'what tools/list shows: all, search or auto', readToolList)
    .option('--auto-above-tokens <tokens>', 'from what weight on auto shows the search tools', wholeNumber)
    .option('--hosting <on|off>', 'whether servers of the catalogue may run here', readSwitch)
    .option('--plan <plan>', 'team: 3 instances. enterprise: 20', readPlan)
    .option('--idle-minutes <minutes>', 'after how long without a call an instance sleeps; never for never', readIdle)
    .option('--paused-minutes <minutes>', 'how long one that sleeps keeps its memory, to wake quickly', wholeNumber)
    .option('--personal-per-member <number>', 'personal instances one member may have (0 to 20)', wholeNumber)
    .option(
      '--publishing <teams>',
      'teams whose manifests take effect at once, with commas; none for nobody',
      readTeams,
    )
    .option(
      '--limit <name=number>',
      'principalPerMinute, workspacePerMinute, writePerMinute (or none), principalConcurrency',
      collect,
    )
    .option('--json', 'print JSON')
    .action((named: string | undefined, options: UpdateOptions) =>
      withClient(async ({ client }) => {
        const { name, audit: auditMode, retentionDays } = options;
        // The server names wrong limits; the types only know the right ones.
        const limits = readLimits(options.limit) as Record<string, number> | undefined;
        const { preset, enforcement } = options;
        const access = preset === undefined && enforcement === undefined ? undefined : { preset, enforcement };
        const publishing = options.publishing === undefined ? undefined : { teams: options.publishing };
        const { toolList: mode, autoAboveTokens } = options;
        const toolList = mode === undefined && autoAboveTokens === undefined ? undefined : { mode, autoAboveTokens };
        const { hosting: orchestratorEnabled, plan, idleMinutes, pausedMinutes, personalPerMember } = options;
        const hosted = { orchestratorEnabled, plan, idleMinutes, pausedMinutes, personalPerMember };
        const hosting = Object.values(hosted).every((value) => value === undefined) ? undefined : hosted;
        const settings = { auditMode, retentionDays, limits, access, publishing, toolList, hosting };
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
  preset?: 'open' | 'strict';
  enforcement?: boolean;
  publishing?: string[];
  toolList?: ToolListMode;
  autoAboveTokens?: number;
  hosting?: boolean;
  plan?: HostingPlan;
  idleMinutes?: number | null;
  pausedMinutes?: number;
  personalPerMember?: number;
  limit?: string[];
  json?: true;
}

const readTeams = (text: string): string[] => (text === 'none' ? [] : text.split(',').map((slug) => slug.trim()));

function readPlan(text: string): HostingPlan {
  if (text === 'team' || text === 'enterprise') return text;
  throw new UsageError(`'${text}' is not a plan; use team or enterprise.`);
}

const readIdle = (text: string): number | null => (text === 'never' ? null : wholeNumber(text));

function readToolList(text: string): ToolListMode {
  const mode = readToolListMode(text);
  if (mode !== undefined) return mode;
  throw new UsageError(`'${text}' is not a way to list tools; use all, search or auto.`);
}

function readAuditMode(text: string): 'available' | 'strict' {
  if (text === 'available' || text === 'strict') return text;
  throw new UsageError(`'${text}' is not an audit mode; use available or strict.`);
}
