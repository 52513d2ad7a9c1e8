import type { z } from 'zod';
import type { importApply, importedServer, ImportResult } from '@mcpnest/contract/schemas/imports';
import { alreadyExists, AppError, conflict } from '../../domain/errors.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { setCredential } from '../servers/credential.ts';
import { createServer, findServer } from '../servers/servers.ts';
import { slugFrom } from '../slug.ts';

type Item = ImportResult['items'][number];

/**
 * Add servers in the order given, each with its credential sealed, in one transaction. One whose slug and address are
 * there already counts as added; what cannot be added says why.
 * @throws AppError `conflict` when all or none was asked for and one cannot be added
 */
export async function applyImport(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef,
  { servers, atomic }: z.output<typeof importApply>,
): Promise<ImportResult> {
  const items: Item[] = [];
  for (const server of servers) items.push(await addOne(change, vault, workspace, server));
  const failed = items.filter(({ status }) => status === 'failed');
  if (!atomic || failed.length === 0) return { items };
  throw conflict(
    `Nothing was added: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join(' ')}`.slice(0, 2_000),
  );
}

async function addOne(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef,
  { credential, ...server }: z.output<typeof importedServer>,
): Promise<Item> {
  const done = { name: server.name, slug: server.slug ?? null, code: null, detail: null };
  try {
    const slug = server.slug ?? slugFrom(server.name);
    const there = await findServer(change.tx, workspace.id, slug);
    if (there !== undefined && there.url === server.url) return { ...done, slug, status: 'exists' };
    if (there !== undefined) throw alreadyExists('server', slug);
    // It refuses before it writes anything, so one that is refused leaves nothing behind.
    await createServer(change, workspace, { note: 'Imported', ...server, slug, enabled: true });
    if (credential !== undefined) await setCredential(change, vault, workspace, slug, credential);
    return { ...done, slug, status: 'added' };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...done, status: 'failed', code: error.code, detail: error.message };
  }
}
