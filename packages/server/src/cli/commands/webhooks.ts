import type { Webhook, WebhookAttempt, WebhookEvent } from '@mcpnest/contract/schemas/webhooks';
import { webhookEvents } from '@mcpnest/contract/schemas/webhooks';
import type { Command } from 'commander';
import { chooseWorkspace, collect, confirm, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { common, type Common } from './rule-text.ts';
import { printSecret } from './tokens.ts';

/** `mcpnest webhooks …` */
export function webhookCommands(program: Command, { io, withClient, exitWith }: Shell): void {
  const noun = program.command('webhooks').alias('webhook').description('have another system told of what happens');
  common(noun.command('create <url>').description('add one and print the secret it signs with'))
    .option('--event <event>', `what it is told of; may be repeated, everything when left out`, collect)
    .option('--note <text>', 'what it is for')
    .action((url: string, options: Common & { event?: string[]; note?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const body = { url, events: readEvents(options.event), note: options.note };
        const made = await client.webhooks.create({ params, body });
        if (options.json !== true) io.err(`Webhook ${made.webhook.id}. A first delivery: ${attemptText(made.test)}\n`);
        printSecret(io, options.json, made, 'The secret it signs with.');
      }),
    );
  common(noun.command('list').description('the webhooks of a workspace')).action((options: Common) =>
    withClient(async ({ client }) => {
      const list = await client.webhooks.list({ params: await chooseWorkspace(client, options.workspace) });
      print(io, options.json, list, () =>
        table(list.items, {
          url: (row) => row.url,
          state: stateText,
          waiting: (row) => row.waiting,
          events: (row) => (row.events.length === webhookEvents.length ? 'all' : row.events.join(' ')),
          note: (row) => row.note,
          id: (row) => row.id,
        }),
      );
    }),
  );
  common(noun.command('show <id>').description('one webhook with its last deliveries')).action(
    (webhook: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook };
        const [shown, { items }] = [
          await client.webhooks.get({ params }),
          await client.webhooks.deliveries({ params }),
        ];
        print(io, options.json, { ...shown, deliveries: items }, () => {
          const deliveries = table(items, {
            created: (row) => shortTime(row.createdAt),
            type: (row) => row.type,
            state: (row) => row.state,
            attempts: (row) => row.attempts,
            answer: (row) => row.status ?? row.problem,
            ms: (row) => row.latencyMs,
            id: (row) => row.id,
          });
          return `${fields({ ...shown, events: shown.events.join(' ') })}\n${deliveries}`;
        });
      }),
  );
  common(noun.command('test <id>').description('make a delivery that tells of nothing, now')).action(
    (webhook: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook };
        const attempt = await client.webhooks.test({ params });
        print(io, options.json, attempt, () => `${attemptText(attempt)}\n`);
        if (attempt.problem !== null) exitWith(1);
      }),
  );
  for (const [verb, what] of [
    ['pause', 'deliver nothing for the time being'],
    ['resume', 'go on delivering, with what waits first'],
  ] as const) {
    common(noun.command(`${verb} <id>`).description(what)).action((webhook: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook };
        const shown = await client.webhooks[verb]({ params });
        print(io, options.json, shown, () => `${stateText(shown)}, ${shown.waiting} waiting\n`);
      }),
    );
  }
  common(noun.command('redeliver <id> <delivery>').description('make a delivery once more')).action(
    (webhook: string, delivery: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook, delivery };
        const shown = await client.webhooks.redeliver({ params });
        print(io, options.json, shown, () => fields(shown));
      }),
  );
  common(noun.command('rotate-secret <id>').description('sign with a new secret and print it'))
    .option('--overlap <seconds>', 'how long deliveries are signed with the old one, too', wholeNumber, 86_400)
    .action((webhook: string, options: Common & { overlap: number }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook };
        const issued = await client.webhooks.rotateSecret({ params, body: { overlapSeconds: options.overlap } });
        printSecret(io, options.json, issued, 'The new secret.');
      }),
    );
  noun
    .command('remove <id>')
    .description('remove one, with everything that waits for it')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((webhook: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), webhook };
        await confirm(io, options.yes, `Remove the webhook ${webhook}?`);
        await client.webhooks.remove({ params });
        io.err('Removed.\n');
      }),
    );
}

const stateText = ({ state, why, retryAt }: Webhook): string => {
  if (state === 'active') return retryAt === null ? 'active' : `failing, again ${shortTime(retryAt)}`;
  return why === null || why === state ? state : `${state} (${why})`;
};

const attemptText = ({ status, problem, latencyMs }: WebhookAttempt): string =>
  problem === null
    ? `arrived (${status}, ${latencyMs} ms).`
    : `${problems[problem]}${status === null ? '' : ` (${status})`}.`;

const problems: Readonly<Record<NonNullable<WebhookAttempt['problem']>, string>> = {
  address: 'its address is not open to the gateway; an owner of the instance opens it with: mcpnest network allow',
  no_answer: 'nothing was answered in time, or the connection failed',
  refused: 'it was not taken',
};

function readEvents(named: readonly string[] | undefined): WebhookEvent[] | undefined {
  return named?.map((text) => {
    const event = webhookEvents.find((known) => known === text);
    if (event === undefined) throw new UsageError(`'${text}' is no event. There are: ${webhookEvents.join(', ')}.`);
    return event;
  });
}
