import { openApiDocument } from '@mcpnest/contract/openapi';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { version } from '../../platform/version.ts';
import { exit } from '../fault.ts';
import { fields, print } from '../output.ts';
import type { Shell } from '../program.ts';

/** Commands about this installation rather than what it serves. */
export function processCommands(program: Command, { io, exitWith }: Shell): void {
  program
    .command('start')
    .description('run the server until it is told to stop')
    .action(async () => {
      const { run } = await import('../../main.ts');
      exitWith(await run(io.environment));
    });
  program
    .command('bootstrap')
    .description('give an empty instance its first owner, workspace, control key and token')
    .option('--email <email>', 'the first owner', 'owner@mcpnest.internal')
    .option('--workspace <name>', 'the first workspace', 'default')
    .option('--url <url>', 'where clients will reach the server, if not where it listens')
    .option('--json', 'print JSON')
    .action(async (options: { email: string; workspace: string; url?: string; json?: true }) => {
      const { config, secrets } = loadConfig(io.environment);
      const { openLocal } = await import('../local.ts');
      const { bootstrap } = await import('../../control/bootstrap.ts');
      await using local = await openLocal(config, secrets, io);
      const { email, workspace: name } = options;
      const made = await bootstrap(local.deps, { email, workspace: name });
      const url = (options.url ?? local.url).replace(/\/+$/, '');
      const { workspace, ownerEmail, apiKey, workspaceToken } = made;
      const result = { url, workspace, ownerEmail, apiKey, workspaceToken };
      if (options.json === true) return io.out(`${JSON.stringify(result)}\n`);
      const gateway = `${url}/api/gw/${workspace}`;
      io.out(fields({ gateway, owner: ownerEmail, 'control key': apiKey, 'gateway token': workspaceToken }));
      io.err('Keep the two secrets now; they are stored nowhere. Next: mcpnest server add <name> --url <url>\n');
    });
  program
    .command('doctor')
    .description('look for what would keep MCPNest from working')
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }) => {
      const { diagnose } = await import('./doctor.ts');
      const findings = await diagnose(io);
      print(io, options.json, { findings }, () =>
        findings
          .map(
            ({ check, ok, said, remedy }) =>
              `${ok ? 'ok  ' : 'FAIL'} ${check}: ${said}${ok || remedy === undefined ? '' : `\n     ${remedy}`}\n`,
          )
          .join(''),
      );
      if (findings.some((finding) => !finding.ok)) exitWith(exit.failed);
    });
  program
    .command('openapi')
    .description('print the OpenAPI 3.1 document of the control API')
    .action(() => {
      const url = loadConfig(io.environment).config.publicUrl ?? 'http://127.0.0.1:8420';
      io.out(`${JSON.stringify(openApiDocument({ version, url }), null, 2)}\n`);
    });
}
