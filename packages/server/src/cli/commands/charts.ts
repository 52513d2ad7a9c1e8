import { Option, type Command } from 'commander';
import { systemClock } from '../../platform/clock.ts';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly workspace?: string;
  readonly json?: true;
}

const common = (command: Command): Command =>
  command
    .option('--from <time>', 'not before (ISO 8601, UTC)')
    .option('--to <time>', 'before (ISO 8601, UTC)')
    .option('--server <slug>')
    .option('--workspace <slug>')
    .option('--json', 'print JSON');

/** The wall clock of whoever reads, in minutes ahead of UTC. */
const ownOffset = (): number => -new Date(systemClock.now()).getTimezoneOffset();

/** `mcpnest audit series|heat|dependencies`: what charts are drawn from. */
export function chartCommands(audit: Command, { io, withClient }: Shell): void {
  common(audit.command('series').description('calls, failures and latency hour by hour or day by day'))
    .addOption(new Option('--per <step>').choices(['hour', 'day']).default('hour'))
    .option('--tool <name>')
    .action(({ workspace, json, ...query }: Options & { per: 'hour' | 'day' }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const series = await client.statistics.series({ params, query: { ...query, offset: ownOffset() } });
        print(io, json, series, () =>
          table(series.points, {
            when: (row) => shortTime(row.at),
            calls: (row) => row.calls,
            ok: (row) => row.ok,
            denied: (row) => row.faults.denied,
            'tool said no': (row) => row.faults.tool,
            upstream: (row) => row.faults.upstream,
            p50: (row) => row.p50,
            p95: (row) => row.p95,
          }),
        );
      }),
    );
  common(audit.command('heat').description('calls by weekday and hour'))
    .option('--tool <name>')
    .action(({ workspace, json, ...query }: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const heat = await client.statistics.heat({ params, query: { ...query, offset: ownOffset() } });
        const days = Map.groupBy(heat.cells, ({ weekday }) => weekday);
        print(io, json, heat, () =>
          table([...days.values()], {
            day: (row) => ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][row[0]!.weekday - 1]!,
            ...Object.fromEntries(
              Array.from({ length: 24 }, (_, hour) => [`${hour}h`, (row: typeof heat.cells) => row[hour]!.calls]),
            ),
          }),
        );
      }),
    );
  common(audit.command('dependencies').description('who depends on which server'))
    .addOption(new Option('--by <whom>').choices(['caller', 'team']).default('caller'))
    .action(({ workspace, json, ...query }: Options & { by: 'caller' | 'team' }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const found = await client.statistics.dependencies({ params, query });
        print(io, json, found, () =>
          table(found.edges, {
            who: (row) => row.from,
            server: (row) => row.server,
            calls: (row) => row.calls,
            failed: (row) => row.failed,
            denied: (row) => row.denied,
          }),
        );
      }),
    );
}

/** `mcpnest server health-history`: how a server was doing, as bars. */
export function healthHistoryCommand(server: Command, { io, withClient }: Shell): void {
  server
    .command('health-history <server>')
    .description('how it was doing, as bars of equal length')
    .option('--bars <number>', 'at most 200', wholeNumber, 24)
    .option('--from <time>', 'a day ago when left out')
    .option('--to <time>', 'now when left out')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((slug: string, { workspace, json, bars, from, to }: Options & { bars: number }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, workspace)), server: slug };
        const history = await client.servers.healthHistory({ params, query: { bars, from, to } });
        print(io, json, history, () =>
          table(history.bars, {
            from: (row) => shortTime(row.from),
            state: (row) => row.state,
            'down s': (row) => Math.round(row.downMs / 1_000),
            error: (row) => row.errorClass,
          }),
        );
      }),
    );
}
