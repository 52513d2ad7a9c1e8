import type { PolicyDifference, Rule, RuleEntry } from '@mcpnest/contract/schemas/rules';
import type { Command } from 'commander';
import { chooseMember, chooseWorkspace, wholeNumber } from '../choose.ts';
import { fields, print } from '../output.ts';
import type { Shell } from '../program.ts';
import { policyCommands } from './policy.ts';
import { common, readDocument, ruleTable, type Common } from './rule-text.ts';

interface RuleOptions extends Common {
  for?: string;
  absolute?: true;
  note?: string;
  expiresInDays?: number;
  expires?: boolean;
  member?: string;
  server?: string;
  dryRun?: true;
}

/** `mcpnest rules …` */
export function rulesCommands(program: Command, shell: Shell): void {
  const { io, withClient } = shell;
  const noun = program.command('rules').description('who may call what');
  for (const effect of ['allow', 'deny'] as const) {
    const verb = common(
      noun
        .command(`${effect} <object...>`)
        .description(`${effect} somebody something (github:list_*, github:@read, …)`),
    )
      .requiredOption('--for <subject>', 'everybody, member:<email>, team:<slug> or machine:<name>')
      .option('--expires-in-days <days>', 'how long it holds', wholeNumber)
      .option('--no-expires', 'it holds until it is deleted')
      .option('--note <text>', 'why');
    if (effect === 'deny') verb.option('--absolute', 'binds workspace tokens, too (only --for everybody)');
    verb.action((objects: string[], options: RuleOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const made: Rule[] = [];
        for (const object of objects) {
          const body = { effect, subject: options.for!, object, absolute: options.absolute === true };
          made.push(await client.rules.create({ params, body: { ...body, note: options.note, ...ending(options) } }));
        }
        print(io, options.json, { items: made }, () => ruleTable(made));
      }),
    );
  }
  common(noun.command('list').description('list the rules'))
    .option('--for <subject>', 'only those of this subject')
    .option('--server <slug>', 'only those that name this server')
    .action((options: RuleOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const list = await client.rules.list({ params, query: { subject: options.for, server: options.server } });
        print(io, options.json, list, () => ruleTable(list.items));
      }),
    );
  common(noun.command('update <rule>').description('change the end or the note of a rule'))
    .option('--expires-in-days <days>', 'how long it holds from now', wholeNumber)
    .option('--no-expires', 'it holds until it is deleted')
    .option('--note <text>')
    .action((rule: string, options: RuleOptions) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), rule };
        const changed = await client.rules.update({ params, body: { note: options.note, ...ending(options) } });
        print(io, options.json, changed, () => fields(changed));
      }),
    );
  noun
    .command('remove <rule>')
    .description('delete a rule')
    .option('--workspace <slug>')
    .action((rule: string, options: Common) =>
      withClient(async ({ client }) => {
        await client.rules.remove({ params: { ...(await chooseWorkspace(client, options.workspace)), rule } });
        io.err(`Deleted ${rule}.\n`);
      }),
    );
  common(
    noun
      .command('set <member> [object...]')
      .description('replace the allowlist of a member (email or id); without objects, show it'),
  ).action((named: string, entries: string[], options: Common) =>
    withClient(async ({ client }) => {
      const workspace = await chooseWorkspace(client, options.workspace);
      const params = { ...workspace, member: await chooseMember(client, workspace, named) };
      const list =
        entries.length === 0
          ? await client.allowlists.show({ params })
          : await client.allowlists.replace({ params, body: { entries } });
      print(io, options.json, list, () => `${list.entries.join('\n') || '(none)'}\n`);
    }),
  );
  noun
    .command('clear <member>')
    .description('delete the allowlist of a member; in an open workspace that is full access')
    .option('--workspace <slug>')
    .action((named: string, options: Common) =>
      withClient(async ({ client }) => {
        const workspace = await chooseWorkspace(client, options.workspace);
        await client.allowlists.remove({
          params: { ...workspace, member: await chooseMember(client, workspace, named) },
        });
        io.err(`Cleared the allowlist of ${named}.\n`);
      }),
    );
  noun
    .command('export')
    .description('print all rules as one JSON document')
    .option('--workspace <slug>')
    .action((options: Common) =>
      withClient(async ({ client }) => {
        const document = await client.policy.export({ params: await chooseWorkspace(client, options.workspace) });
        io.out(`${JSON.stringify(document, null, 2)}\n`);
      }),
    );
  common(noun.command('import <file>').description('replace all rules by a document; - reads standard input'))
    .option('--dry-run', 'only say what would change')
    .action((file: string, options: RuleOptions) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, options.workspace);
        const document = await readDocument(io, file);
        const difference = await client.policy.import({ params, body: { document, dryRun: options.dryRun === true } });
        print(io, options.json, difference, () => differenceText(difference));
      }),
    );
  policyCommands(noun, shell);
}

/** Commander gives `true` for a --no- option that was not used. */
const ending = ({ expires, expiresInDays }: RuleOptions): { expiresAt?: null; expiresInDays?: number | undefined } =>
  expires === false ? { expiresAt: null } : { expiresInDays };

const line = (sign: string, { effect, subject, object, expiresAt }: RuleEntry): string =>
  `${sign} ${effect} ${subject} ${object}${expiresAt === null ? '' : ` until ${expiresAt}`}\n`;

function differenceText({ dryRun, added, removed, changed, unchanged }: PolicyDifference): string {
  const lines = [
    ...removed.map((entry) => line('-', entry)),
    ...changed.map(({ after }) => line('~', after)),
    ...added.map((entry) => line('+', entry)),
  ];
  return `${lines.join('')}${unchanged} unchanged${dryRun ? '; nothing was changed' : ''}\n`;
}
