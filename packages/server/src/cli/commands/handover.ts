import { cursorHeader, exportFormats } from '@mcpnest/contract/schemas/handover';
import { Option, type Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import type { Shell } from '../program.ts';
import { saveStream } from '../save-stream.ts';

type Format = (typeof exportFormats)[number];

interface ExportOptions {
  format: Format;
  include: 'all' | 'calls' | 'events';
  from?: string;
  to?: string;
  after?: string;
  gzip?: true;
  out: string;
  workspace?: string;
  instance?: true;
}

/** `audit export` and `audit evidence`: the records as others need them. */
export function handoverCommands(audit: Command, { io, withClient }: Shell): void {
  audit
    .command('export')
    .description('write calls and changes in a format of other systems')
    .addOption(new Option('--format <format>').choices(exportFormats).default('jsonl'))
    .addOption(new Option('--include <kind>').choices(['all', 'calls', 'events']).default('all'))
    .option('--from <time>', 'not before (ISO 8601, UTC)')
    .option('--to <time>', 'before (ISO 8601, UTC)')
    .option('--after <cursor>', 'only what came since the export that printed this')
    .option('--gzip', 'compressed')
    .option('--out <file>', 'where to; - is standard output', '-')
    .option('--workspace <slug>')
    .option('--instance', 'of every workspace and of the instance itself')
    .action(({ workspace, instance, gzip, out, ...query }: ExportOptions) =>
      withClient(async ({ client }) => {
        const asked = { ...query, compress: gzip === true ? ('gzip' as const) : ('none' as const) };
        const stream =
          instance === true
            ? await client.handover.exportAll({ query: asked })
            : await client.handover.export({ params: await chooseWorkspace(client, workspace), query: asked });
        await saveStream(io, stream, out);
        const next = stream.headers[cursorHeader];
        if (next !== undefined) io.err(`Next time: --after ${next}\n`);
      }),
    );
  audit
    .command('evidence')
    .description('make the evidence pack of a period, for auditors')
    .option('--from <time>', 'beginning of the period (ISO 8601, UTC); 30 days before its end')
    .option('--to <time>', 'end of the period, not in it; the beginning of today')
    .requiredOption('--out <file>', 'the ZIP file to write; - is standard output')
    .option('--workspace <slug>')
    .action(({ workspace, out, ...query }: { workspace?: string; out: string; from?: string; to?: string }) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        await saveStream(io, await client.handover.evidence({ params, query }), out);
      }),
    );
}
