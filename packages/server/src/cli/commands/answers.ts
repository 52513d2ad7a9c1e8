import { Option, type Command } from 'commander';
import type { Client } from '@mcpnest/contract/client';
import type { Timeline } from '@mcpnest/contract/schemas/timelines';
import { chooseMachine, chooseMember, chooseWorkspace, wholeNumber } from '../choose.ts';
import { csv } from '../csv.ts';
import { UsageError } from '../fault.ts';
import { print, shortTime, table, type Columns } from '../output.ts';
import type { Shell } from '../program.ts';
import { chartCommands } from './charts.ts';

interface Common {
  from?: string;
  to?: string;
  workspace?: string;
  json?: true;
}

const common = (command: Command): Command =>
  command
    .option('--from <time>', 'not before (ISO 8601, UTC)')
    .option('--to <time>', 'before (ISO 8601, UTC)')
    .option('--workspace <slug>')
    .option('--json', 'print JSON');

/** `mcpnest audit timeline|stats|path|usage`: what happened, in answers rather than rows. */
export function answerCommands(audit: Command, shell: Shell): void {
  timelineCommand(audit, shell);
  pathCommand(audit, shell);
  statsCommand(audit, shell);
  usageCommand(audit, shell);
  chartCommands(audit, shell);
}

function timelineCommand(audit: Command, { io, withClient }: Shell): void {
  interface Options extends Common {
    member?: string;
    machine?: string;
    server?: string;
    tool?: string;
    limit: number;
  }
  common(audit.command('timeline').description('what became of a person, a machine, a server or a tool, newest first'))
    .option('--member <email or id>')
    .option('--machine <name or id>')
    .option('--server <slug>')
    .option('--tool <name>', 'of the server named beside it')
    .option('--limit <entries>', 'at most 1000', wholeNumber, 200)
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const timeline = await readTimeline(client, await chooseWorkspace(client, options.workspace), options);
        print(io, options.json, timeline, () => timelineText(timeline));
      }),
    );
}

async function readTimeline(
  client: Client,
  params: { workspace: string },
  options: Common & { member?: string; machine?: string; server?: string; tool?: string; limit: number },
): Promise<Timeline> {
  const { from, to, limit, member, machine, server, tool } = options;
  const query = { from, to, limit };
  if ([member, machine, server].filter((named) => named !== undefined).length !== 1)
    throw new UsageError('Name one of --member, --machine and --server.');
  if (member !== undefined) {
    const id = await chooseMember(client, params, member);
    return client.timelines.member({ params: { ...params, member: id }, query });
  }
  if (machine !== undefined) {
    const id = await chooseMachine(client, params, machine);
    return client.timelines.machine({ params: { ...params, machine: id }, query });
  }
  return client.timelines.server({ params: { ...params, server: server! }, query: { ...query, tool } });
}

function timelineText({ subject, calls, tokens, items, complete }: Timeline): string {
  const lives = table(tokens, {
    token: (row) => row.label,
    issued: (row) => shortTime(row.createdAt),
    revoked: (row) => shortTime(row.revokedAt),
    'first call': (row) => shortTime(row.firstCallAt),
    'last call': (row) => shortTime(row.lastCallAt),
    'calls after': (row) => row.callsAfterRevocation,
  });
  const entries = table(items, {
    when: (row) => shortTime(row.at),
    kind: (row) => row.kind,
    what: (row) => row.what,
    by: (row) => row.by,
  });
  const head = `${subject}: ${calls.total} calls, first ${shortTime(calls.firstAt)}, last ${shortTime(calls.lastAt)}\n`;
  const more = complete ? '' : '\nThere is more: narrow the span with --from and --to.\n';
  return `${head}${tokens.length === 0 ? '' : `\n${lives}`}\n${entries}${more}`;
}

function pathCommand(audit: Command, { io, withClient }: Shell): void {
  audit
    .command('path <call>')
    .description('the way one call took: caller, token, policy, approval, server, upstream, outcome')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((call: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), call };
        const path = await client.calls.path({ params });
        print(io, options.json, path, () =>
          table(path.parts, {
            part: (row) => row.part,
            what: (row) => row.what,
            ms: (row) => row.milliseconds,
          }),
        );
      }),
    );
}

const percent = (share: number | null): string | null => (share === null ? null : `${(share * 100).toFixed(2)}%`);

function statsCommand(audit: Command, { io, withClient }: Shell): void {
  type Options = Common & { by?: 'server' | 'tool'; server?: string; tool?: string };
  common(audit.command('stats').description('failures, availability and latency by server or tool'))
    .addOption(new Option('--by <what>').choices(['server', 'tool']).default('server'))
    .option('--server <slug>')
    .option('--tool <name>')
    .action(({ workspace, json, ...query }: Options) =>
      withClient(async ({ client }) => {
        const stats = await client.statistics.stats({ params: await chooseWorkspace(client, workspace), query });
        print(io, json, stats, () =>
          table(stats.items, {
            server: (row) => row.server,
            ...(query.by === 'tool' ? { tool: (row) => row.tool } : {}),
            calls: (row) => row.calls,
            ok: (row) => row.ok,
            denied: (row) => row.faults.denied,
            caller: (row) => row.faults.caller,
            'tool said no': (row) => row.faults.tool,
            upstream: (row) => row.faults.upstream,
            gateway: (row) => row.faults.gateway,
            answered: (row) => percent(row.availability),
            healthy: (row) => percent(row.healthyShare),
            p50: (row) => row.latencyMs.p50,
            p95: (row) => row.latencyMs.p95,
            p99: (row) => row.latencyMs.p99,
          } satisfies Columns<(typeof stats.items)[number]>),
        );
        if (json !== true)
          io.err(`${stats.from} to ${stats.to}; percentiles in ms, off by at most ${stats.errorPercent}%.\n`);
      }),
    );
}

function usageCommand(audit: Command, { io, withClient }: Shell): void {
  type Options = Common & {
    by?: 'team' | 'member' | 'machine' | 'token' | 'server';
    per?: 'day' | 'month' | 'all';
    csv?: true;
  };
  common(audit.command('usage').description('how much was used, by whom or of what'))
    .addOption(new Option('--by <whom>').choices(['team', 'member', 'machine', 'token', 'server']).default('member'))
    .addOption(new Option('--per <period>').choices(['day', 'month', 'all']).default('month'))
    .option('--csv', 'print CSV')
    .action(({ workspace, json, csv: asCsv, ...query }: Options) =>
      withClient(async ({ client }) => {
        const usage = await client.statistics.usage({ params: await chooseWorkspace(client, workspace), query });
        const columns: Columns<(typeof usage.items)[number]> = {
          period: (row) => row.period,
          [query.by ?? 'member']: (row) => row.name ?? row.id,
          calls: (row) => row.calls,
          failed: (row) => row.failed,
          denied: (row) => row.denied,
          'bytes in': (row) => row.bytesIn,
          'bytes out': (row) => row.bytesOut,
        };
        print(io, json, usage, () => (asCsv === true ? csv : table)(usage.items, columns));
        if (usage.others > 0) io.err(`${usage.others} calls are not shown: ask for less time or longer periods.\n`);
      }),
    );
}
