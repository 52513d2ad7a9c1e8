import type { Client } from '@mcpnest/contract/client';
import { Option, type Command } from 'commander';
import { chooseMachine, chooseMember, chooseWorkspace, wholeNumber } from '../choose.ts';
import { print, table } from '../output.ts';
import type { Shell } from '../program.ts';

/** What calls are searched by, as the command line has it. */
export interface Filters {
  readonly from?: string;
  readonly to?: string;
  readonly member?: string;
  readonly machine?: string;
  readonly team?: string;
  readonly token?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly toolPrefix?: string;
  readonly class?: 'read' | 'write' | 'destructive';
  readonly method?: string;
  readonly outcome?: string;
  readonly failed?: true;
  readonly status?: number;
  readonly statusClass?: '2xx' | '4xx' | '5xx';
  readonly error?: string;
  readonly rule?: string;
  readonly approval?: string;
  readonly client?: string;
  readonly trace?: string;
  readonly id?: string;
}

/** Add the options of a search. */
export const filtering = (command: Command): Command =>
  command
    .option('--member <email or id>')
    .option('--machine <name or id>')
    .option('--team <slug>', 'of those who are in it now')
    .option('--token <id>')
    .option('--server <slug>')
    .option('--tool <name>', 'of a tool or prompt, or the URI of a resource')
    .option('--tool-prefix <text>', 'what such names begin with')
    .addOption(
      new Option('--class <class>', 'of the tool, as it counted then').choices(['read', 'write', 'destructive']),
    )
    .option('--method <method>', 'tools/call, prompts/get, resources/read, resources/subscribe, completion/complete, …')
    .option('--outcome <outcome>')
    .option('--failed', 'whatever did not end in ok')
    .option('--status <code>', 'HTTP style: 200, 403, 502 …', wholeNumber)
    .addOption(new Option('--status-class <class>').choices(['2xx', '4xx', '5xx']))
    .option('--error <code>')
    .option('--rule <rule>', 'the rule that decided')
    .option('--approval <id>')
    .option('--client <name>', 'what the client calls itself')
    .option('--trace <id>', 'W3C trace id')
    .option('--id <call>', 'one call');

/** The filters as the API takes them, people and machines by their ids. */
export async function readFilters(client: Client, params: { workspace: string }, filters: Filters) {
  const { member, machine, token, failed, error, approval, trace, id, ...same } = filters;
  return {
    ...same,
    memberId: member === undefined ? undefined : await chooseMember(client, params, member),
    machineId: machine === undefined ? undefined : await chooseMachine(client, params, machine),
    ...{ tokenId: token, errorCode: error, approvalId: approval, traceId: trace, callId: id },
    failed: failed === true ? ('true' as const) : undefined,
  };
}

/** `mcpnest calls facets`: how many calls a search finds, by what. */
export function facetCommand(calls: Command, { io, withClient }: Shell): void {
  filtering(calls.command('facets').description('count the calls a search finds, by outcome, server, tool and more'))
    .option(
      '--by <facets>',
      'with commas between: outcome, status, method, server, tool, member, machine, token, rule, errorCode, client',
    )
    .option('--from <time>', 'not before (ISO 8601, UTC)')
    .option('--to <time>', 'before (ISO 8601, UTC)')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action(({ workspace, json, by, ...filters }: Filters & { workspace?: string; json?: true; by?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        const facets = await client.calls.facets({
          params,
          query: { ...(await readFilters(client, params, filters)), by },
        });
        print(io, json, facets, () =>
          facets.items
            .map(({ by: name, items, others, complete, countedFrom }) => {
              const rows = [...items, ...(others > 0 ? [{ value: 'others', name: null, calls: others }] : [])];
              const counted = complete ? '' : `only the newest, since ${countedFrom}\n`;
              return `${table(rows, { [name]: (row) => row.name ?? row.value, calls: (row) => row.calls })}${counted}`;
            })
            .join('\n'),
        );
      }),
    );
}
