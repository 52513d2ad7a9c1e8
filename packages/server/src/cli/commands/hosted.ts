import { readFileSync } from 'node:fs';
import type { ByteStream } from '@mcpnest/contract/operation';
import { Option, type Command } from 'commander';
import { chooseWorkspace, collect, confirm } from '../choose.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface Common {
  workspace?: string;
  json?: true;
}

interface DeployOptions extends Common {
  env?: string[];
  envFile?: string;
  profile?: 'small' | 'medium' | 'large';
}

/** `mcpnest hosted …` */
export function hostedCommands(program: Command, shell: Shell): void {
  const { io, withClient } = shell;
  const noun = program.command('hosted').description('servers of the catalogue that run here');
  noun
    .command('catalogue')
    .description('list the servers that can be deployed, with what each asks for')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const list = await client.hostedCatalogue.list({ params });
        print(io, options.json, list, () =>
          table(list.items, {
            entry: (row) => row.slug,
            package: (row) => row.package,
            state: (row) => row.state,
            variables: (row) =>
              row.required_env_vars.map(({ key, required }) => (required ? key : `[${key}]`)).join(' '),
            'in the way': (row) => row.why_not,
          }),
        );
      }),
    );
  noun
    .command('deploy <entry>')
    .description('deploy a server; values come from the environment or a file, since command lines are visible to all')
    .option('--env <NAME>', 'take this variable from the environment of this command', collect)
    .option('--env-file <path>', "read lines 'NAME=value' from a file; - is standard input")
    .addOption(new Option('--profile <size>').choices(['small', 'medium', 'large']))
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((slug: string, options: DeployOptions) =>
      withClient(async ({ client }) => {
        const { workspace } = await chooseWorkspace(client, options.workspace);
        const env = await readValues(io, options);
        const made = await client.hosted.deploy({ body: { workspace, slug, env, profile: options.profile } });
        print(io, options.json, made, () => fields(made));
        io.err(`Look how it comes up: mcpnest hosted show ${made.instance_id}\n`);
      }),
    );
  noun
    .command('list')
    .description('list the instances of a workspace')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const list = await client.hosted.list({ query: await chooseWorkspace(client, options.workspace) });
        print(io, options.json, list, () =>
          table(list.items, {
            server: (row) => row.server,
            state: (row) => row.state,
            since: (row) => shortTime(row.since),
            size: (row) => row.profile,
            member: (row) => row.member,
            why: (row) => row.headline,
            id: (row) => row.instance_id,
          }),
        );
      }),
    );
  instanceCommands(noun, shell);
}

/** Verbs about one instance, which is named by its id. */
function instanceCommands(noun: Command, { io, withClient }: Shell): void {
  const verb = (usage: string, description: string) =>
    noun.command(usage).description(description).option('--json', 'print JSON');
  verb('show <instance>', 'show an instance').action((instance: string, options: Common) =>
    withClient(async ({ client }) => {
      const shown = await client.hosted.show({ params: { instance } });
      print(io, options.json, shown, () => fields(shown));
    }),
  );
  verb('logs <instance>', 'show the last lines it wrote')
    .option('--follow', 'go on until it ends')
    .action((instance: string, options: Common & { follow?: true }) =>
      withClient(async ({ client }) => {
        const params = { instance };
        if (options.follow === true) return follow(io, options.json, await client.hosted.follow({ params }));
        const logs = await client.hosted.logs({ params });
        print(io, options.json, logs, () => logs.lines.map(({ at, text }) => `${at} ${text}\n`).join(''));
        const why = logs.headline === null ? '' : `: ${logs.headline}`;
        if (options.json !== true) io.err(`${logs.state}${why}\n`);
      }),
    );
  verb('restart <instance>', 'start it anew, from the newest version of its entry').action(
    (instance: string, options: Common) =>
      withClient(async ({ client }) => {
        const made = await client.hosted.restart({ params: { instance } });
        print(io, options.json, made, () => fields(made));
      }),
  );
  verb('usage <instance>', 'show what it used, day by day').action((instance: string, options: Common) =>
    withClient(async ({ client }) => {
      const usage = await client.hosted.usage({ params: { instance } });
      print(io, options.json, usage, () =>
        table(usage.items, {
          day: (row) => row.day,
          'running s': (row) => row.running_seconds,
          'cpu s': (row) => Math.round(row.cpu_seconds),
          'peak MB': (row) => Math.round(row.memory_peak_bytes / 1_048_576),
          calls: (row) => row.calls,
        }),
      );
    }),
  );
  noun
    .command('terminate <instance>')
    .description('end it for good: container, record and sealed values')
    .option('--yes', 'do not ask')
    .action((instance: string, options: { yes?: true }) =>
      withClient(async ({ client }) => {
        const { server } = await client.hosted.show({ params: { instance } });
        await confirm(io, options.yes, `End ${server} (${instance})? Its values are erased.`);
        await client.hosted.terminate({ params: { instance } });
        io.err(`Ended ${server}.\n`);
      }),
    );
}

/** Print server-sent events as they come: lines as results, states for people; as JSON one event a line. */
async function follow(io: Io, json: true | undefined, { body }: ByteStream): Promise<void> {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      const [, name, data] = /^event: (line|state)\ndata: (.*)$/.exec(event) ?? [];
      if (name === undefined || data === undefined) continue;
      if (json === true) io.out(`{"event":"${name}","data":${data}}\n`);
      else printEvent(io, name, JSON.parse(data) as Record<string, string | null>);
    }
  }
}

function printEvent(io: Io, name: string, event: Record<string, string | null>): void {
  if (name === 'line') io.out(`${event['at']} ${event['text']}\n`);
  else io.err(`${event['state']}${event['headline'] === null ? '' : `: ${event['headline']}`}\n`);
}

async function readValues(io: Io, { env, envFile }: DeployOptions): Promise<Record<string, string>> {
  const pairs = (env ?? []).map((name): [string, string] => {
    const value = io.environment[name];
    if (value === undefined) throw new UsageError(`The environment has no variable ${name}.`);
    return [name, value];
  });
  if (envFile === undefined) return Object.fromEntries(pairs);
  const text = envFile === '-' ? await io.readInput() : readFileSync(envFile, 'utf8');
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    if (at < 1) throw new UsageError(`Line ${index + 1} of the variables is not NAME=value.`);
    pairs.push([line.slice(0, at).trim(), line.slice(at + 1)]);
  }
  return Object.fromEntries(pairs);
}
