import { splitTarget } from '@mcpnest/contract/schemas/network';
import type { NetworkEntry } from '@mcpnest/contract/schemas/network';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { AllowEntry } from '../../platform/dialer.ts';
import type { Change } from '../change.ts';

type EntryRow = Selectable<Schema['network_allow']>;

/** What the dialer is told of them. */
export const selectOpenedEntries = (db: Kysely<Schema>): Promise<AllowEntry[]> =>
  db.selectFrom('network_allow').select(['host', 'port']).execute();

const toEntry = (row: EntryRow): NetworkEntry => ({
  id: row.id,
  target: `${row.host}:${row.port}`,
  host: row.host,
  port: row.port,
  note: row.note,
  createdBy: row.created_by,
  createdAt: row.created_at,
});

/** The opened addresses, by host and port. */
export async function listNetwork(db: Kysely<Schema>): Promise<NetworkEntry[]> {
  const rows = await db.selectFrom('network_allow').selectAll().orderBy('host').orderBy('port').execute();
  return rows.map(toEntry);
}

/**
 * Open one private address for upstreams of every workspace.
 * @param target `host:port` as it stands in a server's URL
 * @throws AppError `already_exists`
 */
export async function allowTarget(change: Change, target: string, note: string): Promise<NetworkEntry> {
  const { host, port } = parse(target);
  if ((await findEntry(change, host, port)) !== undefined) throw alreadyExists('network entry', `${host}:${port}`);
  const row: EntryRow = {
    id: newId(change.now),
    host,
    port,
    note,
    created_by: change.actorName,
    created_at: change.at,
  };
  await change.tx.insertInto('network_allow').values(row).execute();
  await change.record({
    workspaceId: null,
    target: `network:${host}:${port}`,
    detail: { note },
    publish: 'every workspace',
  });
  return toEntry(row);
}

/** Close it again, for every workspace. @throws AppError `not_found` */
export async function revokeTarget(change: Change, target: string): Promise<void> {
  const { host, port } = parse(target);
  const row = await findEntry(change, host, port);
  if (row === undefined) throw notFound('network entry', `${host}:${port}`);
  await change.tx.deleteFrom('network_allow').where('id', '=', row.id).execute();
  await change.record({ workspaceId: null, target: `network:${host}:${port}`, publish: 'every workspace' });
}

const findEntry = (change: Change, host: string, port: number): Promise<EntryRow | undefined> =>
  change.tx
    .selectFrom('network_allow')
    .selectAll()
    .where('host', '=', host)
    .where('port', '=', port)
    .executeTakeFirst();

function parse(target: string): { host: string; port: number } {
  const parts = splitTarget(target);
  if (parts === undefined) throw invalidInput(`'${target}' is not host:port.`);
  return parts;
}
