import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { chooseWorkspace, confirm, wholeNumber } from '../choose.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { saveStream } from '../save-stream.ts';
import { sealCommands } from './seal.ts';
import { targetCommands } from './checkpoint-targets.ts';
import { verifyCommand } from './verify.ts';

/** What of `mcpnest audit …` is about proof. */
export function proofCommands(audit: Command, shell: Shell): void {
  const { io, withClient } = shell;
  audit
    .command('bundle')
    .description('export records with everything needed to verify them offline')
    .requiredOption('--out <file>', 'the file to write, or - for standard output')
    .option('--workspace <slug>')
    .option('--from <day>', 'the first day (UTC, YYYY-MM-DD)')
    .option('--to <day>', 'the day before which it ends')
    .option('--since <records>', 'show that the log grew from the checkpoint of this size', wholeNumber)
    .action((options: { out: string; workspace?: string; from?: string; to?: string; since?: number }) =>
      withClient(async ({ client }) => {
        const { from, to, since } = options;
        const params = await chooseWorkspace(client, options.workspace);
        await saveStream(io, await client.proofs.bundle({ params, query: { from, to, since } }), options.out);
        if (options.out !== '-') io.err(`Verify it anywhere: mcpnest audit verify ${options.out}\n`);
      }),
    );
  audit
    .command('prove <call>')
    .description('print the proof of one call: its records and the way to a signed checkpoint')
    .option('--workspace <slug>')
    .option('--size <records>', 'lead to the checkpoint of this size, to compare with a published one', wholeNumber)
    .option('--out <file>', 'write it to a file')
    .action((call: string, options: { workspace?: string; size?: number; out?: string }) =>
      withClient(async ({ client }) => {
        const { workspace } = await chooseWorkspace(client, options.workspace);
        const proof = await client.proofs.show({ params: { workspace, call }, query: { size: options.size } });
        const text = `${JSON.stringify(proof, null, 2)}\n`;
        if (options.out === undefined) io.out(text);
        else writeFileSync(options.out, text, { mode: 0o600 });
      }),
    );
  sealCommands(audit, shell);
  verifyCommand(audit, shell);
  audit
    .command('status')
    .description('show how records are sealed, signed and published')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const status = await client.checkpointTargets.status();
        const { node, sealing, key, logs, targets } = status;
        print(io, options.json, status, () => {
          const words = sealing === null ? 'not in this process' : (sealing.reason ?? 'ok');
          const failing = targets.filter((target) => target.failingSince !== null).map((target) => target.name);
          return `${fields({ node, sealing: words, damage: sealing?.damage, key, 'failing targets': failing.join(', ') || '-' })}${table(
            logs,
            {
              log: (row) => row.log,
              records: (row) => row.records,
              purged: (row) => row.purged,
              signed: (row) => shortTime(row.signedAt),
            },
          )}`;
        });
      }),
    );
  keyCommands(audit, shell);
  targetCommands(audit, shell);
}

function keyCommands(audit: Command, { io, withClient }: Shell): void {
  const noun = audit.command('key').description('the keys that sign checkpoints');
  noun
    .command('list')
    .description('list the public keys, oldest first')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.proofKeys.list();
        print(io, options.json, list, () =>
          table(list.items, {
            since: (row) => shortTime(row.since),
            'public key': (row) => row.publicKey,
            'vouched for': (row) =>
              row.previous === null ? 'the first' : row.signedByPrevious === null ? 'NO' : 'by the one before',
          }),
        );
      }),
    );
  noun
    .command('rotate')
    .description('sign with a new key from now on')
    .option('--lost', 'the key before is gone; nobody will vouch for the new one')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .action((options: { lost?: true; yes?: true; json?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, 'Sign checkpoints with a new key?');
        const made = await client.proofKeys.rotate({ body: { lost: options.lost === true } });
        print(io, options.json, made, () => fields({ 'public key': made.publicKey, since: made.since }));
      }),
    );
}
