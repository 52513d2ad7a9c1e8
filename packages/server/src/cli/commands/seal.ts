import { setTimeout as sleep } from 'node:timers/promises';
import type { SealStatus } from '@mcpnest/contract/schemas/proofs';
import type { Command } from 'commander';
import { chooseWorkspace } from '../choose.ts';
import { fields, print, shortTime } from '../output.ts';
import type { Shell } from '../program.ts';

interface Options {
  readonly workspace?: string;
  readonly json?: true;
}

const askEveryMs = 200;

/** `mcpnest audit seal|check`: how far the records of one workspace are sealed, and whether they are what was sealed. */
export function sealCommands(audit: Command, { io, withClient, exitWith }: Shell): void {
  const common = (command: Command): Command => command.option('--workspace <slug>').option('--json', 'print JSON');
  common(
    audit.command('seal').description('how far the records of the workspace are sealed, and what the last check found'),
  ).action(({ workspace, json }: Options) =>
    withClient(async ({ client }) => {
      const status = await client.proofs.status({ params: await chooseWorkspace(client, workspace) });
      print(io, json, status, () => sealText(status));
    }),
  );
  common(audit.command('check').description('have the server check the workspace’s log of proof now')).action(
    ({ workspace, json }: Options) =>
      withClient(async ({ client }) => {
        const params = await chooseWorkspace(client, workspace);
        let status = await client.proofs.verify({ params });
        while (status.running !== null) {
          await sleep(askEveryMs);
          status = await client.proofs.status({ params });
        }
        print(io, json, status, () => sealText(status));
        if (status.lastCheck?.ok !== true) exitWith(1);
      }),
  );
}

const sealText = ({ node, log, published, lastCheck }: SealStatus): string =>
  fields({
    node,
    'sealed records': log?.records ?? 'none yet',
    'last checkpoint': shortTime(log?.signedAt ?? null),
    key: log?.verifierKey,
    published: published.map(({ name, failing }) => `${name}${failing ? ' (failing)' : ''}`).join(', ') || '-',
    'last check':
      lastCheck === null
        ? '-'
        : `${shortTime(lastCheck.finishedAt)} by ${lastCheck.requestedBy}: ${lastCheck.reason ?? `${lastCheck.records} records intact`}`,
  });
