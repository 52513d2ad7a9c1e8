import { mostToolName, type Review, type ReviewItem } from '@mcpnest/contract/schemas/pins';
import type { Command } from 'commander';
import { chooseWorkspace, confirm } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { plain, print, shortTime } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';

interface Approval extends Common {
  all?: true;
  yes?: true;
}

/** `mcpnest server review`, `approve` and `refuse` */
export function reviewCommands(server: Command, { io, withClient }: Shell): void {
  common(
    server
      .command('review <server> [tool]')
      .description('what its tools say now against what was approved; of one tool both definitions in full'),
  ).action((slug: string, tool: string | undefined, options: Common) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
      const review = await client.reviews.show({ params, query: { tool } });
      print(io, options.json, review, () => said(review, slug));
    }),
  );
  common(
    server
      .command('approve <server> [tools...]')
      .description('approve tools as they are defined now; shows what is approved and asks'),
  )
    .option('--all', 'every tool that waits for a decision')
    .option('--yes', 'do not ask')
    .action((slug: string, tools: string[], options: Approval) =>
      withClient(async ({ client }) => {
        if ((options.all === true) === tools.length > 0) throw new UsageError('Name the tools, or say --all.');
        const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
        const review = await client.reviews.show({ params });
        const chosen =
          options.all === true ? review.items.filter(isApprovable) : tools.map((tool) => find(review, tool));
        if (chosen.length === 0) return io.err('Nothing waits for a decision.\n');
        io.err(chosen.map(itemText).join(''));
        await confirm(io, options.yes, `Approve ${chosen.length} of ${slug} as shown?`);
        let after = review;
        // What was shown is what is approved: a definition that has changed meanwhile is a conflict.
        for (let from = 0; from < chosen.length; from += 500) {
          after = await client.reviews.approve({ params, body: { tools: decisions(chosen.slice(from, from + 500)) } });
        }
        print(io, options.json, after, () => summary(after, slug));
      }),
    );
  common(
    server
      .command('refuse <server> <tools...>')
      .description('keep tools back as they are defined now; they wait no longer'),
  ).action((slug: string, tools: string[], options: Common) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server: slug };
      const review = await client.reviews.show({ params });
      const chosen = tools.map((tool) => find(review, tool));
      const after = await client.reviews.refuse({ params, body: { tools: decisions(chosen) } });
      print(io, options.json, after, () => summary(after, slug));
    }),
  );
}

const isApprovable = ({ tool, state }: ReviewItem): boolean =>
  (state === 'new' || state === 'changed') && tool.length <= mostToolName;

function find({ items }: Review, tool: string): ReviewItem & { hash: string } {
  const item = items.find((each) => each.tool === tool);
  if (item?.hash === null || item === undefined) throw new UsageError(`The server lists no tool '${plain(tool)}'.`);
  return { ...item, hash: item.hash };
}

const decisions = (items: readonly ReviewItem[]): { tool: string; hash: string }[] =>
  items.map(({ tool, hash }) => ({ tool, hash: hash! }));

function said(review: Review, slug: string): string {
  const approved = review.items.filter(({ state }) => state === 'approved');
  const odd = review.items.filter(
    (item) => item.state !== 'approved' || item.warnings.length > 0 || item.definition !== null,
  );
  const rest = approved.length === 0 ? '' : `${approved.length} approved and unchanged\n`;
  return `${odd.map(itemText).join('')}${rest}${summary(review, slug)}`;
}

function summary({ pinning, pending }: Review, slug: string): string {
  if (pinning === 'off') {
    return `Pinning is off: every tool is served as it is. Approve them, then: mcpnest server edit ${slug} --pinning on\n`;
  }
  return pending === 0
    ? 'Nothing waits for a decision.\n'
    : `${pending} held back until: mcpnest server approve ${slug}\n`;
}

const states: Readonly<Record<ReviewItem['state'], string>> = {
  approved: 'unchanged',
  changed: 'changed',
  new: 'new',
  refused: 'refused',
  gone: 'listed no longer',
};

function itemText(item: ReviewItem): string {
  const when =
    item.decidedAt === null
      ? ''
      : ` (${item.state === 'refused' ? 'refused' : 'approved'} ${shortTime(item.decidedAt)})`;
  const lines = [
    ...item.changes,
    ...item.warnings.map(({ message }) => `warning: ${message}`),
    ...(item.approvedDefinition === null || item.state === 'approved' ? [] : [`approved: ${item.approvedDefinition}`]),
    ...(item.definition === null ? [] : [`now: ${item.definition}`]),
  ];
  return `${plain(item.tool)}: ${states[item.state]}${when}\n${lines.map((line) => `  ${plain(line)}\n`).join('')}`;
}
