import { Option, type Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { answerCommands } from './answers.ts';
import { printEvents } from '../print-events.ts';
import { facetCommand, filtering, readFilters, type Filters } from './call-filters.ts';

interface Paging {
  from?: string;
  to?: string;
  limit: number;
  cursor?: string;
  json?: true;
  workspace?: string;
}

const paging = (command: Command): Command =>
  command
    .option('--from <time>', 'not before (ISO 8601, UTC)')
    .option('--to <time>', 'before (ISO 8601, UTC)')
    .option('--limit <rows>', 'rows per page, at most 200', wholeNumber, 50)
    .option('--cursor <cursor>', 'nextCursor of the page before')
    .option('--workspace <slug>')
    .option('--json', 'print JSON');

/** `calls` are tool calls, `audit` is what people changed and read, and answers about both. @returns `audit` */
export function callCommands(program: Command, shell: Shell): Command {
  const { io, withClient } = shell;
  const more = (cursor: string | null): void => {
    if (cursor !== null) io.err(`More: --cursor ${cursor}\n`);
  };
  const calls = program.command('calls').description('tool calls: metadata, never values');
  filtering(paging(calls.command('list').description('search tool calls')))
    .addOption(new Option('--order <order>', 'which come first').choices(['newest', 'oldest']).default('newest'))
    .action((options: Paging & Filters & { order: 'newest' | 'oldest' }) =>
      withClient(async ({ client }) => {
        const { workspace, json, limit, cursor, order, ...filters } = options;
        const params = await chooseWorkspace(client, workspace);
        const query = { ...(await readFilters(client, params, filters)), limit, cursor, order };
        const page = await client.calls.list({ params, query });
        print(io, json, page, () =>
          table(page.items, {
            when: (row) => row.createdAt,
            server: (row) => row.server,
            method: (row) => row.method,
            tool: (row) => row.tool,
            status: (row) => row.status,
            outcome: (row) => row.outcome,
            error: (row) => row.errorCode,
            ms: (row) => row.latencyMs,
            rule: (row) => row.rule,
          }),
        );
        if (json !== true) more(page.nextCursor);
      }),
    );
  filtering(calls.command('tail').description('new tool calls and changes as they are recorded, until interrupted'))
    .addOption(new Option('--show <what>').choices(['calls', 'changes', 'all']).default('calls'))
    .option('--workspace <slug>')
    .action(({ workspace, show, ...filters }: Filters & { workspace?: string; show: 'calls' | 'changes' | 'all' }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const stream = await client.calls.tail({
          params,
          query: { ...(await readFilters(client, params, filters)), show },
        });
        await printEvents(io, stream);
      }),
    );
  facetCommand(calls, shell);
  const audit = program
    .command('audit')
    .description('what people changed and read, what records prove, and records for others');
  answerCommands(audit, shell);
  paging(
    audit
      .command('events')
      .alias('list')
      .description('list changes, readings and refusals, newest first; of every workspace when none is named'),
  )
    .option('--action <operation>', 'e.g. servers.create')
    .option('--actor <email>', 'of one person, or an actor as events name it, e.g. local-cli')
    .action((options: Paging & { action?: string; actor?: string }) =>
      withClient(async ({ client }) => {
        const { workspace, json, ...query } = options;
        const page =
          workspace === undefined
            ? await client.auditEvents.listAll({ query })
            : await client.auditEvents.list({ params: { workspace }, query });
        print(io, json, page, () =>
          table(page.items, {
            when: (row) => shortTime(row.createdAt),
            who: (row) => row.actorEmail ?? row.actor,
            action: (row) => row.action,
            target: (row) => row.target,
            chain: ({ chain: { state, node, epoch, seq } }) =>
              node === null ? state : `${state} ${node}/${epoch}/${seq}`,
          }),
        );
        if (json !== true) more(page.nextCursor);
      }),
    );
  return audit;
}
