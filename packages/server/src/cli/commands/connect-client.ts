import { placements } from '@mcpnest/contract/clients/render';
import type { ConfigScope } from '@mcpnest/contract/clients/adapter';
import { chooseWorkspace, confirm } from '../choose.ts';
import { changeConfig } from '../clients/change-config.ts';
import { applyUndo, findUndo, readConfigFile } from '../clients/config-file.ts';
import type { Edit } from '../clients/edit.ts';
import { connectionName, gatewayUrl } from '../clients/gateway-url.ts';
import { lookForClients, type Surroundings } from '../clients/places.ts';
import { authOf, chooseWay, needsToken, requireClient, requireFile, whatIsLeft } from '../clients/target.ts';
import type { Connection } from '../connection.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { plainLines, print, table } from '../output.ts';
import type { Shell } from '../program.ts';
import { textDiff } from '../clients/text-diff.ts';
import { maskIn } from '@mcpnest/contract/clients/secrets';

export interface ClientOptions {
  readonly url?: string;
  readonly allowHttp?: true;
  readonly workspace?: string;
  readonly server?: string;
  readonly name?: string;
  readonly file?: string;
  readonly project?: true;
  readonly tokenIn?: string;
  readonly tokenStdin?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly force?: true;
  readonly json?: true;
}

const here = (io: Io): Surroundings => ({
  environment: io.environment,
  platform: process.platform,
  folder: process.cwd(),
});
const scopeOf = ({ project }: ClientOptions): ConfigScope => (project === true ? 'project' : 'user');

/** `mcpnest connect --list`: which clients there are on this machine. */
export function listClients(io: Io, json: true | undefined): void {
  const items = lookForClients(here(io));
  print(io, json, { items }, () =>
    table(items, {
      client: (row) => row.id,
      name: (row) => row.name,
      found: (row) => (row.found ? 'yes' : '-'),
      file: (row) => row.file ?? 'set up by hand',
    }),
  );
}

/** `mcpnest connect <client>`: write the gateway into the client's configuration. */
export async function connectClient(
  shell: Shell,
  id: string,
  options: ClientOptions,
  instead: Replaced = { remove: [], secrets: [] },
): Promise<void> {
  const { io } = shell;
  const client = requireClient(id);
  const way = chooseWay(client, scopeOf(options), options.tokenIn);
  const file = requireFile(client, scopeOf(options), here(io), options.file);
  // Looked at before a token is issued for nothing.
  await readConfigFile(file);
  await withGateway(shell, options, async ({ url, control }) => {
    const { obtainToken } = await import('../clients/obtain-token.ts');
    const wanted = needsToken(way) && options.dryRun !== true;
    const fromInput = options.tokenStdin === true;
    const got = wanted ? await obtainToken(io, { client, url, fromInput, control, keep: way === 'bridge' }) : undefined;
    const auth = authOf(way, got?.token ?? placeholder);
    const connection = { name: options.name ?? connectionName(url), url: url.href, auth };
    if (!/^[a-z0-9-]{1,60}$/i.test(connection.name))
      throw new UsageError('--name must be letters, digits and hyphens, at most 60.');
    const result = await changeConfig(
      io,
      {
        ...{ file, format: client.format, put: placements(client, connection), remove: instead.remove },
        secrets: [...instead.secrets, ...(got === undefined ? [] : [got.token.reveal()])],
        secret: way === 'literal' || way === 'mcp-remote',
      },
      options,
    );
    const { changed, backup } = result;
    const said = { client: client.id, file, name: connection.name, url: url.href, tokenIn: way, changed };
    const more = { tokenFrom: got?.from ?? null, backup: backup ?? null, dryRun: options.dryRun === true };
    if (options.json === true) return io.out(`${JSON.stringify({ ...said, ...more }, null, 2)}\n`);
    if (options.dryRun === true) return io.err('Nothing was written.\n');
    if (!changed) return io.err(`${client.name} has this already.\n`);
    io.err(`Written; what was there is in ${backup}. Undo: mcpnest connect ${client.id} --undo\n`);
    io.err(`${whatIsLeft(client, way)}\n`);
  });
}

/** What the gateway takes the place of. */
interface Replaced {
  readonly remove: Edit['remove'];
  /** What the preview must not show. */
  readonly secrets: readonly string[];
}

/** Shown in place of a token that is not needed to see what would be written. */
const placeholder = { reveal: (): string => 'mng_…' };

/** `mcpnest connect <client> --undo`: put back what was there before. */
export async function undoClient(io: Io, id: string, options: ClientOptions): Promise<void> {
  const client = requireClient(id);
  const file = requireFile(client, scopeOf(options), here(io), options.file);
  const current = await readConfigFile(file);
  const undo = await findUndo(current);
  if (undo === undefined) throw new UsageError(`There is no backup of ${file}.`);
  if (!undo.untouched && options.force !== true)
    throw new UsageError(
      `${file} has been changed since. Undoing would lose that; --force does it all the same, from ${undo.backup}`,
    );
  io.err(`Change of ${file}\n${plainLines(maskIn(textDiff(current.text ?? '', undo.text ?? ''), []))}`);
  if (options.dryRun === true) return io.err('Nothing was written.\n');
  await confirm(io, options.yes, `Put back what was in ${file}?`);
  await applyUndo(current, undo);
  const removed = undo.text === undefined;
  if (options.json === true) return io.out(`${JSON.stringify({ client: client.id, file, removed }, null, 2)}\n`);
  io.err(removed ? `${file} is gone; it was not there before.\n` : `${file} is as it was.\n`);
}

interface Gateway {
  readonly url: URL;
  readonly control: { readonly connection: Connection; readonly workspace: string } | undefined;
}

/** The gateway that is meant: as given, or of a workspace the control API knows. */
export async function withGateway<T>(
  shell: Shell,
  options: ClientOptions,
  work: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  if (options.url !== undefined) {
    if (options.workspace !== undefined || options.server !== undefined)
      throw new UsageError('Give either --url or --workspace and --server.');
    return work({ url: gatewayUrl(options.url, options.allowHttp), control: undefined });
  }
  return shell.withClient(async (connection) => {
    const params = await chooseWorkspace(connection.client, options.workspace);
    const { gatewayUrl: text } = await connection.client.workspaces.show({ params });
    if (options.server !== undefined)
      await connection.client.servers.show({ params: { ...params, server: options.server } });
    const whole = options.server === undefined ? text : `${text}/${options.server}`;
    return work({ url: gatewayUrl(whole, options.allowHttp), control: { connection, workspace: params.workspace } });
  });
}
