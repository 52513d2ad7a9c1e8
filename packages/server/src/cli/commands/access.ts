import type { AccessReport, AccessRequest } from '@mcpnest/contract/schemas/access';
import type { Matrix, MatrixCell, ToolList } from '@mcpnest/contract/schemas/tools';
import { Option, type Command } from 'commander';
import { chooseMember, chooseWorkspace, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { fields, print, shortTime, table, type Columns } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface Options extends Common {
  member?: string;
  machine?: string;
  server?: string;
  tool?: string;
  reason?: string;
  days?: number;
  state?: AccessRequest['state'];
}

/** `mcpnest access …` */
export function accessCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('access').description('why somebody may or may not call something, and asking for it');
  common(noun.command('explain').description('what somebody may call, and why; yourself when nobody is named'))
    .option('--member <member>', 'email or id')
    .option('--machine <machine>', 'name or id')
    .option('--server <slug>')
    .option('--tool <tool>', 'a tool, or server:tool')
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { member, machine } = options;
        const report = await client.access.explain({ params, query: { member, machine, ...named(options) } });
        print(io, options.json, report, () => reportText(report));
      }),
    );
  common(noun.command('tools').description('the tools your clients are shown, and why not the others'))
    .option('--member <member>', 'as this member sees it: email or id')
    .option('--server <slug>')
    .option('--words <words>', 'in the name, title or description')
    .option('--listed', 'only what is shown')
    .action((options: Options & { words?: string; listed?: true }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { server, words, member } = options;
        const query = { server, words, ...(options.listed === true ? { show: 'listed' as const } : {}), limit: 500 };
        const list =
          member === undefined
            ? await client.tools.list({ params, query })
            : await client.tools.listAs({
                params: { ...params, member: await chooseMember(client, params, member) },
                query,
              });
        print(io, options.json, list, () => toolsText(list));
      }),
    );
  common(noun.command('matrix').description('who may call how much of what'))
    .addOption(new Option('--of <whom>').choices(['members', 'teams', 'machines']).default('members'))
    .option('--server <slug>', 'by its tools; by servers when left out')
    .option('--words <words>', 'rows with these in their name')
    .option('--cursor <cursor>', 'nextCursor of the page before')
    .action((options: Options & { of: 'members' | 'teams' | 'machines'; words?: string; cursor?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { of, server, words, cursor } = options;
        const found = await client.access.matrix({ params, query: { of, server, words, cursor } });
        print(io, options.json, found, () => matrixText(found));
      }),
    );
  common(noun.command('request <object>').description('ask for access, as github:create_issue'))
    .requiredOption('--reason <text>', 'what for')
    .option('--days <days>', 'for how long', wholeNumber, 7)
    .action((object: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const body = { object, reason: options.reason!, days: options.days };
        const asked = await client.accessRequests.create({ params, body });
        print(io, options.json, asked, () => fields(asked));
      }),
    );
  common(noun.command('requests').description('list requests for access'))
    .option('--state <state>', 'pending, granted or refused', readState)
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const list = await client.accessRequests.list({ params, query: { state: options.state } });
        print(io, options.json, list, () => requestTable(list.items));
      }),
    );
  common(noun.command('grant <request>').description('grant a request with a rule that ends'))
    .option('--days <days>', 'for how long; as asked for when left out', wholeNumber)
    .action((request: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), request };
        const granted = await client.accessRequests.grant({ params, body: { days: options.days } });
        print(io, options.json, granted, () => fields(granted));
      }),
    );
  common(noun.command('refuse <request>').description('refuse a request'))
    .requiredOption('--reason <text>', 'why')
    .action((request: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), request };
        const refused = await client.accessRequests.refuse({ params, body: { reason: options.reason! } });
        print(io, options.json, refused, () => fields(refused));
      }),
    );
}

function toolsText({ subject, items, nextCursor }: ToolList): string {
  const rows = table(items, {
    name: (row) => row.name,
    server: (row) => row.server,
    class: (row) => row.class,
    shown: (row) => (row.listed ? (row.approval ? 'once approved' : 'yes') : 'no'),
    why: (row) => row.reason,
  });
  return `${subject}\n\n${rows}${nextCursor === null ? '' : 'There is more; name a server with --server.\n'}`;
}

function matrixText({ columns, rows, nextCursor }: Matrix): string {
  const cell = ({ allowed, approval, denied, hidden }: MatrixCell): string =>
    `${allowed}${approval === 0 ? '' : ` (${approval} once approved)`} of ${allowed + denied + hidden}`;
  const named = columns.map(({ server, tool }, at) => [
    tool ?? server,
    (row: Matrix['rows'][number]): string => cell(row.cells[at]!),
  ]);
  const text = table(rows, {
    who: (row) => row.subject,
    ...(Object.fromEntries(named) as Columns<Matrix['rows'][number]>),
  });
  return nextCursor === null ? text : `${text}There is more: --cursor ${nextCursor}\n`;
}

function verdictText({ verdict, wouldDeny, approval }: AccessReport['items'][number]): string {
  const said = approval ? `${verdict} once approved` : verdict;
  return wouldDeny === null ? said : `${said} (not once enforced)`;
}

function readState(text: string): AccessRequest['state'] {
  if (text === 'pending' || text === 'granted' || text === 'refused') return text;
  throw new UsageError(`'${text}' is not a state; use pending, granted or refused.`);
}

/** `--tool server:tool` names both. */
function named({ server, tool }: Options): { server?: string | undefined; tool?: string | undefined } {
  const at = server === undefined ? (tool ?? '').indexOf(':') : -1;
  return at === -1 ? { server, tool } : { server: tool!.slice(0, at), tool: tool!.slice(at + 1) };
}

function reportText({ subject, preset, enforcement, ask, items, complete }: AccessReport): string {
  const mode = preset === 'strict' ? 'strict' : `open, enforcement ${enforcement ? 'on' : 'off'}`;
  const rows = table(items, {
    server: (row) => row.server,
    tool: (row) => row.tool,
    class: (row) => row.class,
    verdict: verdictText,
    why: (row) => row.reason,
  });
  const more = complete ? '' : 'There is more; name a server with --server.\n';
  return `${subject}; the workspace is ${mode}.\n\n${rows}${more}\nWho can change it: ${ask.join(', ')}\n`;
}

const requestTable = (requests: readonly AccessRequest[]): string =>
  table(requests, {
    when: (row) => shortTime(row.createdAt),
    who: (row) => row.email,
    object: (row) => row.object,
    days: (row) => row.days,
    state: (row) => row.state,
    reason: (row) => row.reason,
    id: (row) => row.id,
  });
