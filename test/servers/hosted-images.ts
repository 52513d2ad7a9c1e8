import { join } from 'node:path';
import type { Client } from '@mcpnest/contract/client';
import { mcpnest } from '../cli.ts';

const cache = join(import.meta.dirname, '../../.runtime/images');

export interface BuiltEntry {
  readonly image: string;
  readonly digest: string;
  readonly entry: string;
}

/** Build images of the catalogue into an engine as an operator does; what was packed before comes from the cache. */
export async function buildEntries(socketPath: string, entries: readonly string[]): Promise<readonly BuiltEntry[]> {
  const { PATH = '', HOME = '' } = process.env;
  const args = ['image', 'build', ...entries, '--socket', socketPath, '--cache', cache, '--json'];
  const { code, out, err } = await mcpnest(args, { PATH, HOME });
  if (code !== 0) throw new Error(`mcpnest image build has failed: ${err}`);
  return (JSON.parse(out) as { items: BuiltEntry[] }).items;
}

/** Switch hosting on in acme, and let these images run. */
export async function allowEntries(client: Client, built: readonly BuiltEntry[]): Promise<void> {
  for (const { image, digest, entry } of built) await client.hostedImages.allow({ body: { image, digest, entry } });
  const settings = { hosting: { orchestratorEnabled: true, plan: 'enterprise' as const } };
  await client.workspaces.update({ params: { workspace: 'acme' }, body: { settings } });
}
