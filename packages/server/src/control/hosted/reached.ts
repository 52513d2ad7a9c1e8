import { isIPv4 } from 'node:net';
import type { Kysely } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { addressesIn, type ReachedAddress } from '../../domain/hosted/reached.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { isPublicName, notOpened, reachRefusal } from '../../platform/hosted-reach.ts';
import { resolveName } from '../../platform/resolve-name.ts';
import { selectOpenedEntries } from '../network/network.ts';

type Db = Kysely<Schema>;

/** How long a name may take to be resolved, in milliseconds. */
const lookupMs = 5_000;

/** Every IPv4 address of a name; none where it has none or takes too long. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

/**
 * The addresses that values of an entry name, each of them one that may be reached as far as it says so itself.
 * @throws AppError `conflict` that names the remedy
 */
export async function requireReach(
  db: Db,
  entry: CatalogueEntry,
  values: ReadonlyMap<string, string>,
): Promise<ReachedAddress[]> {
  const addresses = addressesIn(entry, values);
  if (addresses.length === 0) return addresses;
  const isOpen = await openedIn(db);
  for (const address of addresses) {
    const refusal = reachRefusal(address, isOpen(address));
    if (refusal !== null) throw conflict(refusal);
  }
  return addresses;
}

/**
 * Refuse values with a name that leads to no public address and that nobody has opened. It may lead elsewhere later,
 * which the gate sees; this tells the person who deploys. It waits for a resolver, so it stands before a transaction.
 * @throws AppError `conflict` that names the remedy
 */
export async function refusePrivateNames(
  db: Db,
  entry: CatalogueEntry,
  values: ReadonlyMap<string, string>,
  resolve: ResolveName = (host) => resolveName(host, lookupMs),
): Promise<void> {
  const names = addressesIn(entry, values).filter(({ host }) => !isIPv4(host));
  if (names.length === 0) return;
  const isOpen = await openedIn(db);
  for (const address of names.filter((each) => !isOpen(each))) {
    const refusal = reachRefusal(address, false);
    if (refusal !== null) throw conflict(refusal);
    if (!isPublicName(await resolve(address.host))) throw conflict(notOpened(`${address.host}:${address.port}`));
  }
}

/** The values an instance has of the variables that name addresses, out of the vault. */
export async function openReaching(
  db: Db,
  vault: Vault,
  entry: CatalogueEntry,
  instanceId: string,
): Promise<Map<string, string>> {
  if (entry.reaches.length === 0) return new Map();
  const keys = entry.reaches.map(({ variable }) => variable);
  const rows = await db
    .selectFrom('hosted_secrets')
    .select(['key', 'sealed'])
    .where('instance_id', '=', instanceId)
    .where('key', 'in', keys)
    .execute();
  return new Map(rows.map(({ key, sealed }) => [key, vault.open(sealed, `hosted/${instanceId}/env/${key}`).reveal()]));
}

async function openedIn(db: Db): Promise<(address: ReachedAddress) => boolean> {
  const opened = new Set((await selectOpenedEntries(db)).map(({ host, port }) => `${host}:${port}`));
  return ({ host, port }) => opened.has(`${host}:${port}`);
}
