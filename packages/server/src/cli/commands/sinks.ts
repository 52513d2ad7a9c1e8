import type { Client } from '@mcpnest/contract/client';
import type { Sink, SinkCreate } from '@mcpnest/contract/schemas/sinks';
import { Option, type Command } from 'commander';
import { chooseWorkspace, confirm, wholeNumber } from '../choose.ts';
import { exit, UsageError } from '../fault.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Where {
  workspace?: string;
  instance?: true;
}
interface CreateOptions extends Where {
  kind: SinkCreate['kind'];
  include: 'all' | 'calls' | 'events';
  from: 'now' | 'beginning';
  url?: string;
  target?: string;
  format?: 'jsonl' | 'ocsf' | 'otlp' | 'cef';
  header?: string[];
  tls: boolean;
  bucket?: string;
  region?: string;
  prefix?: string;
  accessKeyId?: string;
  every?: number;
  json?: true;
}

const where = (command: Command): Command =>
  command.option('--workspace <slug>').option('--instance', 'of the instance, not of a workspace');

/** `mcpnest sink …` */
export function sinkCommands(program: Command, shell: Shell): void {
  const { io, withClient, exitWith } = shell;
  const noun = program.command('sink').description('where records are sent as they come');
  where(noun.command('create <name>').description('send records somewhere; a secret is read from standard input'))
    .addOption(new Option('--kind <kind>').choices(['http', 'otlp', 'syslog', 's3']).makeOptionMandatory())
    .addOption(new Option('--include <kind>').choices(['all', 'calls', 'events']).default('all'))
    .addOption(new Option('--from <when>').choices(['now', 'beginning']).default('now'))
    .option('--url <url>', 'of http and otlp, or the endpoint of s3')
    .option('--target <host:port>', 'of syslog')
    .addOption(new Option('--format <format>').choices(['jsonl', 'ocsf', 'otlp', 'cef']))
    .option('--header <names...>', 'header fields whose values are the lines of standard input')
    .option('--no-tls', 'syslog without TLS')
    .option('--bucket <name>', 'of s3')
    .option('--region <region>', 'of s3')
    .option('--prefix <folder/>', 'of s3')
    .option('--access-key-id <id>', 'of s3; its secret is the first line of standard input')
    .option('--every <seconds>', 'of s3: the longest a record waits', wholeNumber)
    .option('--json', 'print JSON')
    .action((name: string, options: CreateOptions) =>
      withClient(async ({ client }) => {
        const needsInput = options.kind === 's3' || options.header !== undefined;
        const body = bodyOf(name, options, needsInput ? (await io.readInput()).trimEnd().split('\n') : []);
        const made =
          options.instance === true
            ? await client.instanceSinks.create({ body })
            : await client.sinks.create({ params: await chooseWorkspace(client, options.workspace), body });
        print(io, options.json, made, () => fields({ id: made.sink.id, name: made.sink.name, secret: made.secret }));
        if (made.secret !== null)
          io.err('Keep the secret now: signatures are checked with it, and it is not shown again.\n');
      }),
    );
  where(noun.command('list').description('list sinks and how far they are'))
    .option('--json', 'print JSON')
    .action((options: Where & { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await listSinks(client, options);
        print(io, options.json, list, () =>
          table(list.items, {
            name: (row) => row.name,
            kind: (row) => row.kind,
            state: stateOf,
            waiting: (row) => `${row.lag.rows}${row.lag.more ? '+' : ''}`,
            seconds: (row) => row.lag.seconds,
            delivered: (row) => row.delivered,
            missed: (row) => row.missed,
            'last success': (row) => shortTime(row.lastSuccessAt),
            'last error': (row) => row.lastError,
          }),
        );
      }),
    );
  where(noun.command('show <sink>').description('show a sink, by name or id'))
    .option('--json', 'print JSON')
    .action((named: string, options: Where & { json?: true }) =>
      withClient(async ({ client }) => {
        const sink = await chooseSink(client, options, named);
        print(io, options.json, sink, () => fields({ ...sink }));
      }),
    );
  for (const verb of ['pause', 'resume'] as const) {
    where(
      noun.command(`${verb} <sink>`).description(verb === 'pause' ? 'send nothing for now' : 'go on sending'),
    ).action((named: string, options: Where) =>
      withClient(async ({ client }) => {
        const { id, name } = await chooseSink(client, options, named);
        if (options.instance === true) await client.instanceSinks[verb]({ params: { sink: id } });
        else await client.sinks[verb]({ params: { ...(await chooseWorkspace(client, options.workspace)), sink: id } });
        io.err(`${verb === 'pause' ? 'Paused' : 'Resumed'} ${name}.\n`);
      }),
    );
  }
  where(noun.command('test <sink>').description('send one record of a test, now'))
    .option('--json', 'print JSON')
    .action((named: string, options: Where & { json?: true }) =>
      withClient(async ({ client }) => {
        const { id } = await chooseSink(client, options, named);
        const tested =
          options.instance === true
            ? await client.instanceSinks.test({ params: { sink: id } })
            : await client.sinks.test({
                params: { ...(await chooseWorkspace(client, options.workspace)), sink: id },
              });
        print(io, options.json, tested, () => (tested.ok ? 'taken\n' : `not taken: ${tested.error ?? ''}\n`));
        if (!tested.ok) exitWith(exit.failed);
      }),
    );
  where(noun.command('remove <sink>').description('remove a sink with its secrets'))
    .option('--yes', 'do not ask')
    .action((named: string, options: Where & { yes?: true }) =>
      withClient(async ({ client }) => {
        const { id, name } = await chooseSink(client, options, named);
        await confirm(io, options.yes, `Remove the sink ${name}? What it has not taken is not sent.`);
        if (options.instance === true) await client.instanceSinks.remove({ params: { sink: id } });
        else await client.sinks.remove({ params: { ...(await chooseWorkspace(client, options.workspace)), sink: id } });
        io.err(`Removed ${name}.\n`);
      }),
    );
}

const stateOf = (sink: Sink): string =>
  sink.pausedSince !== null ? `paused ${shortTime(sink.pausedSince)}` : sink.failures > 0 ? 'failing' : 'active';

const listSinks = async (client: Client, { instance, workspace }: Where): Promise<{ items: Sink[] }> =>
  instance === true
    ? client.instanceSinks.list()
    : client.sinks.list({ params: await chooseWorkspace(client, workspace) });

async function chooseSink(client: Client, place: Where, named: string): Promise<Sink> {
  const { items } = await listSinks(client, place);
  const sink = items.find((item) => item.id === named || item.name === named);
  if (sink === undefined) throw new UsageError(`No sink ${named} here. See: mcpnest sink list`);
  return sink;
}

/** What the options say, in the form of the API, which checks it. */
function bodyOf(name: string, options: CreateOptions, lines: readonly string[]): SinkCreate {
  const { kind, include, from, url, target, format, tls, header, bucket, region, prefix, accessKeyId } = options;
  const headers =
    header === undefined ? undefined : Object.fromEntries(header.map((field, index) => [field, lines[index] ?? '']));
  const common = { kind, name, include, from };
  const body =
    kind === 's3'
      ? {
          ...{ ...common, endpoint: url, bucket, region, prefix, format, accessKeyId },
          ...{ secretAccessKey: lines[0], everySeconds: options.every },
        }
      : kind === 'syslog'
        ? { ...common, target, tls, format }
        : { ...common, url, headers, ...(kind === 'http' ? { format } : {}) };
  // What is missing the server names, with the remedy.
  return JSON.parse(JSON.stringify(body)) as SinkCreate;
}
