import type { Client } from '@mcpnest/contract/client';
import { Option, type Command } from 'commander';
import { collect, confirm, wholeNumber } from '../choose.ts';
import { exit, UsageError } from '../fault.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface AddOptions {
  name?: string;
  json?: true;
}
interface S3Options extends AddOptions {
  region: string;
  accessKeyId: string;
  prefix?: string;
  lockDays?: number;
  lockMode: 'COMPLIANCE' | 'GOVERNANCE';
}

/** `mcpnest audit target …`: where checkpoints are published. */
export function targetCommands(audit: Command, shell: Shell): void {
  const { io, withClient, exitWith } = shell;
  const noun = audit.command('target').description('where checkpoints are published');
  addCommands(noun, shell);
  noun
    .command('list')
    .description('list the places and how publishing goes')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.checkpointTargets.list();
        print(io, options.json, list, () =>
          table(list.items, {
            name: (row) => row.name,
            kind: (row) => row.kind,
            location: (row) => row.location,
            'last success': (row) => shortTime(row.lastSuccessAt),
            'failing since': (row) => shortTime(row.failingSince),
            error: (row) => row.lastError,
          }),
        );
      }),
    );
  noun
    .command('test <name>')
    .description('publish the last checkpoint there now')
    .option('--json', 'print JSON')
    .action((name: string, options: { json?: true }) =>
      withClient(async ({ client }) => {
        const result = await client.checkpointTargets.test({ params: { id: await idOf(client, name) } });
        print(io, options.json, result, () =>
          fields({ result: result.ok ? 'arrived' : 'FAILED', error: result.error }),
        );
        if (!result.ok) exitWith(exit.failed);
      }),
    );
  noun
    .command('remove <name>')
    .description('publish there no more')
    .option('--yes', 'do not ask')
    .action((name: string, options: { yes?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, `Publish no more checkpoints to ${name}?`);
        await client.checkpointTargets.remove({ params: { id: await idOf(client, name) } });
        io.err(`Removed ${name}.\n`);
      }),
    );
}

function addCommands(noun: Command, { io, withClient }: Shell): void {
  type Body = Parameters<Client['checkpointTargets']['create']>[0]['body'];
  const create = (body: Body, json: boolean | undefined): Promise<void> =>
    withClient(async ({ client }) => {
      const made = await client.checkpointTargets.create({ body });
      print(io, json, made, () => fields({ name: made.name, kind: made.kind, location: made.location }));
    });
  const add = noun.command('add').description('publish every new checkpoint to …');
  add
    .command('folder <path>')
    .description('a folder of the server’s machine')
    .option('--name <name>', 'default: the path')
    .option('--json', 'print JSON')
    .action((path: string, options: AddOptions) =>
      create({ kind: 'folder', name: options.name ?? path, path }, options.json),
    );
  add
    .command('https <url>')
    .description('a web hook')
    .option('--name <name>', 'default: the URL')
    .option('--put', 'send with PUT instead of POST')
    .option('--header <name>', 'a secret header; its value is asked for or read from standard input', collect)
    .option('--json', 'print JSON')
    .action(async (url: string, options: AddOptions & { put?: true; header?: string[] }) => {
      const headers: Record<string, string> = {};
      for (const name of options.header ?? []) headers[name] = await secret(io, `Value of ${name}: `);
      const method = options.put === true ? 'PUT' : 'POST';
      const more = options.header === undefined ? {} : { headers };
      await create({ kind: 'https', name: options.name ?? url, url, method, ...more }, options.json);
    });
  add
    .command('s3 <url>')
    .description('a store that speaks S3: https://host/bucket; its secret key is asked for or read from standard input')
    .requiredOption('--region <region>')
    .requiredOption('--access-key-id <id>')
    .option('--name <name>', 'default: the URL')
    .option('--prefix <prefix>', 'what object names begin with')
    .option('--lock-days <days>', 'lock each object for so many days', wholeNumber)
    .addOption(new Option('--lock-mode <mode>').choices(['COMPLIANCE', 'GOVERNANCE']).default('COMPLIANCE'))
    .option('--json', 'print JSON')
    .action(async (url: string, options: S3Options) => {
      const { region, accessKeyId, prefix, lockDays, lockMode: mode } = options;
      const lock = lockDays === undefined ? null : { mode, days: lockDays };
      const secretAccessKey = await secret(io, 'Secret access key: ');
      const name = options.name ?? url;
      await create(
        { kind: 's3', name, url, region, accessKeyId, prefix, lock, secretAccessKey } as const,
        options.json,
      );
    });
}

const secret = async (io: Shell['io'], question: string): Promise<string> =>
  (io.interactive ? await io.askSecret(question) : await io.readInput()).trim();

async function idOf(client: Client, name: string): Promise<string> {
  const { items } = await client.checkpointTargets.list();
  const target = items.find((item) => item.name === name || item.id === name);
  if (target === undefined) throw new UsageError(`No target '${name}'. See: mcpnest audit target list`);
  return target.id;
}
