import type { Command } from 'commander';
import { UsageError } from '../fault.ts';
import { fields, print, shortTime } from '../output.ts';
import type { Shell } from '../program.ts';

interface EraseOptions {
  dryRun?: boolean;
  confirm?: string;
  workspace?: string;
  json?: true;
}

/** `mcpnest people …` */
export function peopleCommands(program: Command, { io, withClient }: Shell): void {
  const noun = program.command('people').description('people across workspaces');
  noun
    .command('reset-link <email>')
    .description('print a link by which a person sets a password; it works once, within a day')
    .option('--json', 'print JSON')
    .action((email: string, { json }: { json?: true }) =>
      withClient(async ({ client }) => {
        const made = await client.people.resetLink({ params: { email } });
        print(io, json, made, () => `${made.link}\n`);
        io.err(`Open until ${shortTime(made.expiresAt)}. No e-mail is sent: hand the link over yourself.\n`);
      }),
    );
  noun
    .command('erase <person>')
    .description('remove a person (email or user id) and blank what names them; it cannot be undone')
    .option('--dry-run', 'only say what would be blanked')
    .option('--confirm <id>', 'the id that the dry run prints; asked for at a terminal')
    .option('--workspace <slug>', 'only there; everywhere when left out')
    .option('--json', 'print JSON')
    .action((person: string, { dryRun = false, workspace, json, ...options }: EraseOptions) =>
      withClient(async ({ client }) => {
        const erase = (body: { person: string; dryRun?: boolean; confirm?: string | undefined }) =>
          workspace === undefined
            ? client.people.eraseEverywhere({ body })
            : client.people.erase({ params: { workspace }, body });
        const preview = await erase({ person, dryRun: true });
        if (dryRun) return print(io, json, preview, () => fields(preview));
        let { confirm } = options;
        if (confirm === undefined && io.interactive) {
          io.err(fields(preview));
          confirm = (await io.ask(`Type the id to erase ${person}: `)).trim();
        }
        if (confirm !== preview.id)
          throw new UsageError(`Nothing was changed. Repeat the id to confirm: --confirm ${preview.id}`);
        const done = await erase({ person, confirm });
        print(io, json, done, () => fields(done));
      }),
    );
}
