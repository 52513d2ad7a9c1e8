import type { Manifest } from '@mcpnest/contract/schemas/manifests';
import type { Command } from 'commander';
import { chooseWorkspace, confirm, wholeNumber } from '../choose.ts';
import { UsageError } from '../fault.ts';
import { print, shortTime } from '../output.ts';
import type { Shell } from '../program.ts';
import { changesText, detailText, manifestTable, putText, readManifest } from './manifest-text.ts';
import { common, type Common } from './rule-text.ts';

const states: readonly Manifest['state'][] = ['active', 'waiting', 'refused'];

/** `mcpnest publish …` and `mcpnest manifest …` */
export function manifestCommands(program: Command, { io, withClient }: Shell): void {
  common(program.command('publish <file>').description('publish a server by its manifest (JSON or YAML); - reads JSON'))
    .option('--dry-run', 'only say what would change')
    .action((file: string, options: Common & { dryRun?: true }) =>
      withClient(async ({ client }) => {
        const body = await readManifest(io, file);
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest: body.name };
        const query = { dryRun: options.dryRun === true ? 'true' : 'false' } as const;
        const made = await client.manifests.put({ params, query, body });
        print(io, options.json, made, () => putText(made));
      }),
    );
  const noun = program.command('manifest').alias('manifests').description('servers that teams publish themselves');
  common(noun.command('list').description('list the manifests; to members those of their teams'))
    .option('--state <state>', states.join(', '), readState)
    .action((options: Common & { state?: Manifest['state'] }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const list = await client.manifests.list({ params, query: { state: options.state } });
        print(io, options.json, list, () => manifestTable(list.items));
      }),
    );
  common(noun.command('show <name>').description('show a manifest, and all there is to know of one that waits')).action(
    (manifest: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest };
        const shown = await client.manifests.show({ params });
        print(io, options.json, shown, () => detailText(shown));
      }),
  );
  common(noun.command('history <name>').description('list what was published under a name, newest first')).action(
    (manifest: string, options: Common) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest };
        const list = await client.manifests.revisions({ params });
        print(io, options.json, list, () =>
          list.items
            .map(
              ({ revision, state, author, createdAt, changes }) =>
                `${revision} ${state}, ${shortTime(createdAt)}, ${author}\n${changesText(changes)}`,
            )
            .join('\n'),
        );
      }),
  );
  const revision = (command: Command): Command =>
    common(command).requiredOption('--revision <number>', 'the one that was looked at', wholeNumber);
  revision(noun.command('approve <name>').description('let a waiting manifest take effect')).action(
    (manifest: string, options: Common & { revision: number }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest };
        const shown = await client.manifests.approve({ params, body: { revision: options.revision } });
        print(io, options.json, shown, () => detailText(shown));
      }),
  );
  revision(noun.command('refuse <name>').description('refuse a waiting manifest'))
    .requiredOption('--reason <text>', 'why; its team reads it')
    .action((manifest: string, options: Common & { revision: number; reason: string }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest };
        const { revision: seen, reason } = options;
        const shown = await client.manifests.refuse({ params, body: { revision: seen, reason } });
        print(io, options.json, shown, () => detailText(shown));
      }),
    );
  noun
    .command('remove <name>')
    .description('take a server back, with its manifest')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .action((manifest: string, options: Common & { yes?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), manifest };
        await confirm(io, options.yes, `Take ${manifest} back? Its tools are gone for everybody.`);
        await client.manifests.remove({ params });
        io.err(`Removed ${manifest}.\n`);
      }),
    );
}

function readState(text: string): Manifest['state'] {
  const state = states.find((known) => known === text);
  if (state === undefined) throw new UsageError(`'${text}' is no state; use ${states.join(', ')}.`);
  return state;
}
