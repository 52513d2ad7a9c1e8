import { approvalMinutes, type Approval, type ApprovalSetting } from '@mcpnest/contract/schemas/approvals';
import type { Command } from 'commander';
import { chooseWorkspace, collect, wholeNumber } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface Options extends Common {
  mine?: true;
  all?: true;
  reason?: string;
  cursor?: string;
  approver?: string[];
  expiresMinutes?: number;
}

/** `mcpnest approval …` */
export function approvalCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('approval').description('calls that somebody must approve before they are sent');
  common(noun.command('list').description('calls that wait for an approval, newest first'))
    .option('--mine', 'what you or your machines asked for')
    .option('--all', 'also what is decided or over')
    .option('--cursor <cursor>', 'the next page')
    .action((options: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const show = options.mine === true ? 'mine' : options.all === true ? 'all' : 'pending';
        const list = await client.approvals.list({ params, query: { show, cursor: options.cursor } });
        print(io, options.json, list, () => approvalTable(list.items));
        if (list.nextCursor !== null) io.err(`There is more: --cursor ${list.nextCursor}\n`);
      }),
    );
  common(noun.command('show <approval>').description('one of them')).action((approval: string, options: Options) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), approval };
      const found = await client.approvals.get({ params });
      print(io, options.json, found, () => fields(found));
    }),
  );
  common(noun.command('approve <approval>').description('let exactly this call be sent, once')).action(
    (approval: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), approval };
        const approved = await client.approvals.approve({ params, body: {} });
        print(io, options.json, approved, () => fields(approved));
      }),
  );
  common(noun.command('refuse <approval>').description('refuse it, or take an unused approval back'))
    .requiredOption('--reason <text>', 'why; the requester reads it')
    .action((approval: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), approval };
        const refused = await client.approvals.refuse({ params, body: { reason: options.reason! } });
        print(io, options.json, refused, () => fields(refused));
      }),
    );
}

/** `mcpnest server approvals`, `require-approval` and `waive-approval` */
export function approvalSettingCommands(server: Command, { io, withClient }: Shell): void {
  common(server.command('approvals <server>').description('its tools whose every call needs approval')).action(
    (slug: string, options: Options) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
        const list = await client.approvalSettings.list({ params });
        print(io, options.json, list, () => settingTable(list.items));
      }),
  );
  const update = (slug: string, targets: string[], approval: 'required' | 'none', options: Options) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
      const { approver: approvers, expiresMinutes: expiresInMinutes } = options;
      const settings = targets.map((target) => ({ target, approval, approvers, expiresInMinutes }));
      const list = await client.approvalSettings.update({ params, body: { settings } });
      print(io, options.json, list, () => settingTable(list.items));
    });
  common(
    server
      .command('require-approval <server> <tool...>')
      .description('every call of these tools (delete_repo, delete_*, @destructive) needs approval'),
  )
    .option('--approver <who>', 'team:<slug> or member:<email>, besides owners and admins; several times', collect)
    .option('--expires-minutes <minutes>', 'how long a request holds', wholeNumber, approvalMinutes.usual)
    .action((slug: string, targets: string[], options: Options) => update(slug, targets, 'required', options));
  common(
    server.command('waive-approval <server> <tool...>').description('these need none; named as they were required'),
  ).action((slug: string, targets: string[], options: Options) => update(slug, targets, 'none', options));
}

const approvalTable = (approvals: readonly Approval[]): string =>
  table(approvals, {
    when: (row) => shortTime(row.createdAt),
    who: (row) => row.requester,
    tool: (row) => `${row.server}:${row.tool}`,
    arguments: (row) => JSON.stringify(row.argsShape),
    state: (row) => row.state,
    until: (row) => shortTime(row.expiresAt),
    id: (row) => row.id,
  });

const settingTable = (settings: readonly ApprovalSetting[]): string =>
  table(settings, {
    tools: (row) => row.target,
    approvers: (row) => ['owners and admins', ...row.approvers].join(', '),
    minutes: (row) => row.expiresInMinutes,
    by: (row) => row.setBy,
  });
