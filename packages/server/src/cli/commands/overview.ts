import { Option, type Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { csv } from '../csv.ts';
import { fields, print, shortTime, table, type Columns } from '../output.ts';
import type { Shell } from '../program.ts';

/** `mcpnest overview`: how the workspace fares, and what needs somebody. */
export function overviewCommand(program: Command, { io, withClient }: Shell): void {
  program
    .command('overview')
    .description('how the workspace fares: servers, calls, failures, and what needs somebody')
    .option('--hours <number>', 'whole hours back from now', wholeNumber, 24)
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action(({ workspace, json, hours }: { workspace?: string; json?: true; hours: number }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const overview = await client.statistics.overview({ params, query: { hours } });
        const { servers, calls, busiest, failing, slowest, attention } = overview;
        const ranked = (rows: typeof busiest, unit: string): string =>
          rows.map(({ server, value }) => `${server} ${value}${unit}`).join(', ');
        print(
          io,
          json,
          overview,
          () =>
            `${fields({
              servers: `${servers.online} of ${servers.enabled} online`,
              calls: `${calls.calls}, ${calls.ok} ok`,
              failures: Object.entries(calls.faults)
                .filter(([, count]) => count > 0)
                .map(([fault, count]) => `${fault} ${count}`)
                .join(', '),
              'latency p50/p95/p99': `${calls.latencyMs.p50 ?? '-'}/${calls.latencyMs.p95 ?? '-'}/${calls.latencyMs.p99 ?? '-'} ms`,
              busiest: ranked(busiest, ''),
              failing: ranked(failing, ''),
              slowest: ranked(slowest, ' ms'),
            })}\n${table(attention, { attention: (row) => row.kind, what: (row) => row.what, next: (row) => row.next })}`,
        );
      }),
    );
}

interface InventoryOptions {
  readonly online?: 'true' | 'false';
  readonly used?: 'true' | 'false';
  readonly orphaned?: 'true' | 'false';
  readonly days?: number;
  readonly sensitivity?: 'none' | 'internal' | 'confidential' | 'restricted';
  readonly label?: string;
  readonly maintainer?: string;
  readonly owner?: string;
}

/** `mcpnest server inventory`: every server with who looks after it and what it touches. */
export function inventoryCommand(server: Command, { io, withClient }: Shell): void {
  const yesNo = (flags: string, text: string): Option => new Option(flags, text).choices(['true', 'false']);
  server
    .command('inventory')
    .description('every server with who looks after it, what it touches, last use and last health')
    .addOption(yesNo('--online <yes>', 'enabled and not down'))
    .addOption(yesNo('--used <yes>', 'called within --days'))
    .addOption(yesNo('--orphaned <yes>', 'nobody looks after it'))
    .option('--days <number>', 'how far back use counts', wholeNumber)
    .addOption(
      new Option('--sensitivity <level>', 'this or above').choices(['none', 'internal', 'confidential', 'restricted']),
    )
    .option('--label <word>')
    .option('--maintainer <who>')
    .option('--owner <team>')
    .option('--csv', 'print CSV')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action(
      ({ workspace, json, csv: asCsv, ...query }: InventoryOptions & { workspace?: string; json?: true; csv?: true }) =>
        withClient(async ({ client }) => {
          const list = await client.statistics.inventory({ params: await chooseWorkspace(client, workspace), query });
          const columns: Columns<(typeof list.items)[number]> = {
            server: (row) => row.server,
            state: (row) => row.state,
            owner: (row) => row.owner,
            maintainer: (row) => row.maintainer,
            sensitivity: (row) => row.sensitivity,
            labels: (row) => row.labels.join(' '),
            'last used': (row) => shortTime(row.lastUsedAt),
            'last healthy': (row) => shortTime(row.lastHealthyAt),
            orphaned: (row) => row.orphaned,
          };
          print(io, json, list, () => (asCsv === true ? csv : table)(list.items, columns));
          const { servers, online, used, orphaned, sensitive } = list.counts;
          if (json !== true && asCsv !== true)
            io.err(
              `${servers} servers: ${online} online, ${used} used, ${orphaned} orphaned, ${sensitive} confidential or restricted.\n`,
            );
        }),
    );
}
