import type { Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

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

/** `calls` are tool calls, `audit` is what people changed and read. @returns `audit` */
export function callCommands(program: Command, { io, withClient }: Shell): Command {
  const more = (cursor: string | null): void => {
    if (cursor !== null) io.err(`More: --cursor ${cursor}\n`);
  };
  const calls = program.command('calls').description('tool calls: metadata, never values');
  paging(calls.command('list').description('list tool calls, newest first'))
    .option('--server <slug>')
    .option('--method <method>', 'tools/call, prompts/get, resources/read, resources/subscribe, completion/complete, …')
    .option('--tool <name>', 'of a tool or prompt, or the URI of a resource')
    .option('--status <code>', 'HTTP style: 200, 403, 502 …', wholeNumber)
    .option('--outcome <outcome>')
    .action(
      (options: Paging & { server?: string; method?: string; tool?: string; status?: number; outcome?: string }) =>
        withClient(async ({ client }) => {
          const { workspace, json, ...query } = options;
          const page = await client.calls.list({ params: await chooseWorkspace(client, workspace), query });
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
  const audit = program.command('audit').description('what people changed and read, and what records prove');
  paging(
    audit
      .command('events')
      .alias('list')
      .description('list changes, readings and refusals, newest first; of every workspace when none is named'),
  )
    .option('--action <operation>', 'e.g. servers.create')
    .action((options: Paging & { action?: string }) =>
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
