import type { z } from 'zod';
import type { serverCredential } from '@mcpnest/contract/schemas/credentials';
import { newId } from '../../domain/ids.ts';
import { Secret } from '../../domain/secret.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectServer } from './queries.ts';
import type { ServerRow } from './queries.ts';
import { configOf, reconfigure } from './servers.ts';

/**
 * Seal the headers the gateway is to send to a server; they replace all earlier ones. A `bearer` becomes the
 * Authorization header (RFC 6750). The plain values are held no longer than this call.
 */
export async function setCredential(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef,
  slug: string,
  body: z.output<typeof serverCredential>,
): Promise<ServerRow> {
  const row = await selectServer(change.tx, workspace.id, slug);
  const plain = 'bearer' in body ? { authorization: `Bearer ${body.bearer}` } : body.headers;
  const headers = Object.entries(plain).map(([given, value]) => {
    const name = given.toLowerCase();
    return { name, sealed: vault.seal(new Secret(value), `server/${row.id}/header/${name}`) };
  });
  const credential = { id: newId(change.now), headers };
  return reconfigure(change, row, { ...configOf(row), credential }, 'Credential set');
}

/** Stop sending a credential. Earlier revisions keep theirs, sealed, until the server is removed. */
export async function clearCredential(change: Change, workspace: WorkspaceRef, slug: string): Promise<ServerRow> {
  const row = await selectServer(change.tx, workspace.id, slug);
  return reconfigure(change, row, { ...configOf(row), credential: null }, 'Credential cleared');
}
