import type { Command } from 'commander';
import { confirm } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

/** `mcpnest image …` @returns the noun, for more verbs */
export function imageCommands(program: Command, { io, withClient }: Shell): Command {
  const noun = program.command('image').description('which images hosted servers may run from');
  noun
    .command('allow <image> <digest>')
    .description('let exactly these bytes run, for the entry of the catalogue that names the image')
    .option('--entry <slug>', 'where several entries name the image')
    .option('--sbom <place>', 'where its bill of materials is')
    .option('--json', 'print JSON')
    .action((image: string, digest: string, options: { entry?: string; sbom?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const { entry, sbom } = options;
        const made = await client.hostedImages.allow({ body: { image, digest, entry, sbom } });
        print(io, options.json, made, () => fields(made));
      }),
    );
  noun
    .command('list')
    .description('list the images that may run, and those that no longer may')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.hostedImages.list();
        print(io, options.json, list, () =>
          table(list.items, {
            image: (row) => row.image,
            digest: (row) => row.digest,
            version: (row) => row.entry_version,
            allowed: (row) => shortTime(row.created_at),
            revoked: (row) => shortTime(row.revoked_at),
            id: (row) => row.id,
          }),
        );
      }),
    );
  noun
    .command('revoke <id>')
    .description('let an image run no longer; what runs from it is stopped')
    .option('--yes', 'do not ask')
    .action((image: string, options: { yes?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, 'Stop every instance that runs from this image?');
        await client.hostedImages.revoke({ params: { image } });
        io.err('Revoked.\n');
      }),
    );
  return noun;
}
