import type { Client } from '@mcpnest/contract/client';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { loadConfig } from '../../config/config.ts';
import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { explainFault } from '../fault.ts';
import type { Io } from '../io.ts';
import { openLocal } from '../local.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly said: string;
  readonly remedy?: string;
}

const oldestNode = [24, 15];

/** Look at everything MCPNest needs on this machine. Never throws: what fails is a finding. Changes nothing. */
export async function diagnose(io: Io): Promise<Finding[]> {
  const findings = [checkNode(process.versions.node)];
  let loaded: { config: Config; secrets: Secrets };
  try {
    loaded = loadConfig(io.environment);
  } catch (error) {
    return [...findings, { check: 'configuration', ok: false, said: explainFault(error).message }];
  }
  findings.push({ check: 'configuration', ok: true, said: 'understood' });
  const { config, secrets } = loaded;
  findings.push(checkFolder(config.dataDir));
  if (existsSync(config.dataDir)) findings.push(...(await checkDatabase(config, secrets, io)));
  findings.push(await checkServer(config));
  return findings;
}

function checkNode(running: string): Finding {
  const [major = 0, minor = 0] = running.split('.').map(Number);
  const ok = major > oldestNode[0]! || (major === oldestNode[0] && minor >= oldestNode[1]!);
  return {
    check: 'Node',
    ok,
    said: running,
    remedy: `Node ${oldestNode.join('.')} or newer is needed: https://nodejs.org`,
  };
}

function checkFolder(folder: string): Finding {
  const check = 'data folder';
  if (!existsSync(folder)) return { check, ok: true, said: `${folder} does not exist yet; the first start makes it` };
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const said = `${folder} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    return { check, ok: false, said, remedy: 'Give it to the user MCPNest runs as, or set MCPNEST_DATA_DIR.' };
  }
  const open = (statSync(folder).mode & 0o077) !== 0;
  const remedy = `chmod 700 ${folder}`;
  return { check, ok: !open, said: open ? `${folder} can be read by other users` : folder, remedy };
}

/** Opens the database and the sealing key, which also proves that they belong together. */
async function checkDatabase(config: Config, secrets: Secrets, io: Io): Promise<Finding[]> {
  const check = 'database and key';
  try {
    await using local = await openLocal(config, secrets, io);
    const { database, counts } = await local.client.instance.show();
    if (counts.workspaces === 0) return [{ check, ok: true, said: `${database}, empty. Next: mcpnest bootstrap` }];
    const said = `${database}, ${counts.workspaces} workspaces, ${counts.servers} servers, ${counts.tokens} tokens`;
    return [{ check, ok: true, said }, await checkReviews(local.client)];
  } catch (error) {
    return [{ check, ok: false, said: explainFault(error).message }];
  }
}

/** Tools that are held back are no fault of this machine, but somebody should know. */
async function checkReviews(client: Client): Promise<Finding> {
  const check = 'tools to review';
  const pending: string[] = [];
  for (const { slug: workspace } of (await client.workspaces.list()).items) {
    for (const { slug, health } of (await client.servers.list({ params: { workspace } })).items) {
      if (health.pendingReview > 0) pending.push(`${health.pendingReview} of ${slug} (--workspace ${workspace})`);
    }
  }
  const said = pending.length === 0 ? 'none' : `${pending.join(', ')} held back. See: mcpnest server review <server>`;
  return { check, ok: true, said };
}

async function checkServer(config: Config): Promise<Finding> {
  const check = 'server';
  const url = config.remoteUrl ?? config.publicUrl ?? `http://127.0.0.1:${config.port}`;
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) });
    if (response.ok) return { check, ok: true, said: `ready at ${url}` };
    return {
      check,
      ok: false,
      said: `${url} answers ${response.status} to /readyz`,
      remedy: 'Something else may use the port; see MCPNEST_PORT.',
    };
  } catch {
    return { check, ok: true, said: `none answers at ${url}. Start it with: mcpnest start` };
  }
}
