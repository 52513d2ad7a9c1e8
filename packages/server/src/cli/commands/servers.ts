import type { Server } from '@mcpnest/contract/schemas/servers';
import { Option, type Command } from 'commander';
import { chooseMember, chooseWorkspace, collect, confirm, readLimits, wholeNumber, writeLimits } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import { readGuard, writeGuard } from './replay-guard.ts';
import type { Io } from '../io.ts';
import type { Shell } from '../program.ts';

interface Common {
  workspace?: string;
  json?: true;
}

interface Settings extends Common {
  slug?: string;
  name?: string;
  url?: string;
  /** False: `--no-prefix`. */
  prefix?: string | false;
  position?: number;
  disabled?: true;
  limit?: string[];
  visibleTo?: string[];
  replayGuard?: string[];
  replayWindow?: number;
  pinning?: 'on' | 'off';
  /** False: `--no-maintainer`. */
  maintainer?: string | false;
  sensitivity?: Server['sensitivity'];
  label?: string[];
  note?: string;
}

/** Print a server after a change, with what still stands in its way. */
export function printServer(io: Io, json: boolean | undefined, server: Server): void {
  print(io, json, server, () =>
    fields({
      slug: server.slug,
      name: server.name,
      url: server.url,
      state: server.enabled ? 'enabled' : 'disabled',
      prefix: server.prefix,
      position: server.position,
      revision: server.revision,
      credential: server.credential?.headers.join(', '),
      health: server.health.state,
      limits: writeLimits(server.limits),
      owner: server.owner === null ? undefined : `team:${server.owner}`,
      maintainer: server.maintainer,
      touches: [server.sensitivity, ...server.labels].join(' '),
      replay: writeGuard(server.replayGuard),
      'visible to': server.visibility?.join(', '),
      pinning: server.pinning,
    }),
  );
  if (server.health.pendingReview > 0)
    io.err(`warning: ${server.health.pendingReview} tools are held back.\n  mcpnest server review ${server.slug}\n`);
  for (const warning of server.warnings) io.err(`warning: ${warning.message}\n  ${warning.remedy}\n`);
}

const settings = (command: Command): Command =>
  command
    .option('--prefix <prefix>', 'tools appear as {prefix}_{tool}')
    .option(
      '--limit <name=number>',
      'perMinute, toolPerMinute, principalPerMinute, principalToolPerMinute, principalConcurrency (or none), concurrency, deadlineMs, progressDeadlineMs, maxResultBytes',
      collect,
    )
    .option('--replay-guard <mode>', 'off, request-id or always; <tool>=<mode> for one tool; several times', collect)
    .option('--replay-window <seconds>', 'how long the same call counts as a repeat', wholeNumber)
    .option('--visible-to <who>', 'workspace, or team:<slug>, member:<email>, machine:<name>; several times', collect)
    .addOption(
      new Option('--pinning <mode>', 'on: only tools whose definition was approved are served').choices(['on', 'off']),
    )
    .option('--maintainer <who>', 'who looks after it: an email address, or words')
    .addOption(
      new Option('--sensitivity <level>', 'of what it touches').choices([
        ...['none', 'internal', 'confidential', 'restricted'],
      ]),
    )
    .option('--label <word>', 'to find it by; several times, and together they replace those it has', collect)
    .option('--note <text>', 'why, for the history')
    .option('--workspace <slug>')
    .option('--json', 'print JSON');

/** `mcpnest server …`. @returns the noun, for the commands below it */
export function serverCommands(program: Command, { io, withClient }: Shell): Command {
  const noun = program.command('server').alias('servers').description('MCP servers behind the gateway');
  settings(
    noun
      .command('add <name>')
      .description('add a server')
      .requiredOption('--url <url>', 'its Streamable HTTP endpoint'),
  )
    .option('--slug <slug>', 'its name in URLs; made from the name when left out')
    .option('--position <number>', 'place in the list, from 1', wholeNumber)
    .option('--disabled', 'add it without serving it yet')
    .action((name: string, options: Settings) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const { slug, prefix, position, pinning, note, visibleTo: visibility, sensitivity, label: labels } = options;
        const limits = readLimits(options.limit) as Record<string, number> | undefined;
        const replayGuard = readGuard(options);
        const settled = { slug, prefix: prefix || undefined, position, limits, replayGuard, visibility, pinning, note };
        const custody = { maintainer: options.maintainer || undefined, sensitivity, labels };
        const body = { name, url: options.url!, ...settled, ...custody };
        printServer(
          io,
          options.json,
          await client.servers.create({ params, body: { ...body, enabled: options.disabled !== true } }),
        );
      }),
    );
  settings(noun.command('edit <server>').description('change a server; every change is a revision'))
    .option('--name <name>')
    .option('--url <url>')
    .option('--no-prefix', 'serve its tools under their own names')
    .option('--no-maintainer', 'name nobody')
    .action((server: string, options: Settings) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const limits = readLimits(options.limit) as Record<string, number> | undefined;
        // Commander gives `true` for a --no- option that was not used.
        const prefix =
          options.prefix === false ? null : typeof options.prefix === 'string' ? options.prefix : undefined;
        const maintainer =
          options.maintainer === false ? null : typeof options.maintainer === 'string' ? options.maintainer : undefined;
        const { name, url, note, pinning, visibleTo: visibility, sensitivity, label: labels } = options;
        const custody = { maintainer, sensitivity, labels };
        printServer(
          io,
          options.json,
          await client.servers.update({
            params,
            body: { name, url, prefix, limits, replayGuard: readGuard(options), visibility, pinning, note, ...custody },
          }),
        );
      }),
    );
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    common(noun.command(`${verb} <server>`).description(`${verb} a server`))
      .option('--note <text>', 'why, for the history')
      .action((server: string, options: Settings) =>
        withClient(async ({ client }) => {
          const params = { ...(await chooseWorkspace(client, options.workspace)), server };
          printServer(io, options.json, await client.servers.update({ params, body: { enabled, note: options.note } }));
        }),
      );
  }
  common(noun.command('move <server> <position>').description('change the order; 1 is first')).action(
    (server: string, position: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const moved = await client.servers.move({ params, body: { position: wholeNumber(position) } });
        print(io, options.json, moved, () => serverTable(moved.items));
      }),
  );
  common(noun.command('remove <server>').description('remove a server and its stored credential'))
    .option('--yes', 'do not ask')
    .action((server: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        await confirm(io, options.yes, `Remove the server '${server}' from ${params.workspace}?`);
        await client.servers.remove({ params });
        io.err(`Removed '${server}'.\n`);
      }),
    );
  readingCommands(noun, { io, withClient });
  return noun;
}

const common = (command: Command): Command => command.option('--workspace <slug>').option('--json', 'print JSON');

function readingCommands(noun: Command, { io, withClient }: Pick<Shell, 'io' | 'withClient'>): void {
  common(noun.command('list').description('list the servers in their order, with health'))
    .option('--as <member>', 'as this member sees them: email or id')
    .action(({ as, ...options }: Common & { as?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const list =
          as === undefined
            ? await client.servers.list({ params })
            : await client.servers.listAs({ params: { ...params, member: await chooseMember(client, params, as) } });
        print(io, options.json, list, () => serverTable(list.items));
      }),
    );
  common(noun.command('show <server>').description('show a server')).action((server: string, options: Common) =>
    withClient(async ({ client }) => {
      const params = { ...(await chooseWorkspace(client, options.workspace)), server };
      printServer(io, options.json, await client.servers.show({ params }));
    }),
  );
  common(noun.command('health [server]').description('state, since when, last error class and latency')).action(
    (server: string | undefined, options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        if (server !== undefined) {
          const health = await client.servers.health({ params: { ...params, server } });
          return print(io, options.json, health, () => fields(health));
        }
        const { items } = await client.servers.list({ params });
        const report = items.map(({ slug, health }) => ({ server: slug, ...health }));
        print(io, options.json, { items: report }, () =>
          table(report, {
            server: (row) => row.server,
            state: (row) => row.state,
            since: (row) => shortTime(row.since),
            'last error': (row) => row.lastErrorClass,
            'latency ms': (row) => row.latencyMs,
            'held back': (row) => row.pendingReview,
          }),
        );
      }),
  );
  common(noun.command('revisions <server>').description('every configuration it ever had')).action(
    (server: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const list = await client.servers.revisions({ params });
        print(io, options.json, list, () =>
          table(list.items, {
            revision: (row) => row.revision,
            when: (row) => shortTime(row.createdAt),
            url: (row) => row.config.url,
            state: (row) => (row.config.enabled ? 'enabled' : 'disabled'),
            credential: (row) => row.config.credentialHeaders.join(','),
            author: (row) => row.author,
            note: (row) => row.note,
          }),
        );
      }),
  );
  common(noun.command('rollback <server> <revision>').description('use an earlier configuration again'))
    .option('--note <text>', 'why, for the history')
    .action((server: string, revision: string, options: Settings) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), server };
        const body = { revision: wholeNumber(revision), note: options.note };
        printServer(io, options.json, await client.servers.rollback({ params, body }));
      }),
    );
}

const serverTable = (servers: readonly Server[]): string =>
  table(servers, {
    '#': (row) => row.position,
    server: (row) => row.slug,
    state: (row) => (row.enabled ? row.health.state : 'disabled'),
    prefix: (row) => row.prefix,
    revision: (row) => row.revision,
    url: (row) => row.url,
  });
