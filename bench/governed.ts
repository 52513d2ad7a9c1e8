import { createClient } from '@mcpnest/contract/client';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startProcess, type StartedProcess } from './processes.ts';

export interface GovernedOptions {
  name: string;
  folder: string;
  upstreamUrl: string;
  core: number | undefined;
  auditMode: 'available' | 'strict';
  /** Hand the product a journal that writes nothing. */
  journalOff: boolean;
  /** Folder of the repository whose product is started. */
  checkout: string;
  /** Folder for a CPU profile of the process, written when it ends. */
  profile: string | undefined;
}

export interface Governed {
  process: StartedProcess;
  url: string;
  token: string;
  tool: string;
  /** Tool calls that have their row in the database by now. */
  recorded: () => number;
}

/** Ceilings beyond any load, so that every limit is counted for each call and none is reached. */
const beyondReach = 10_000_000;

/**
 * Starts the product as an operator would: `mcpnest bootstrap` on an empty data folder, then the server itself with
 * its defaults, then one server added over the control API. Nothing is turned off unless `journalOff`: the token is checked and narrowed
 * to the server, all limits count, the prefix makes every call be renamed, journal and shipper record it.
 */
export async function startGoverned(options: GovernedOptions): Promise<Governed> {
  const source = (file: string): string => join(options.checkout, 'packages/server/src', file);
  const data = mkdtempSync(join(options.folder, 'data-'));
  const env = { PATH: process.env['PATH'] ?? '', MCPNEST_DATA_DIR: data, MCPNEST_PORT: '0' };
  const bootstrap = await promisify(execFile)(process.execPath, [source('cli.ts'), 'bootstrap', '--json'], { env });
  const { workspace, apiKey } = JSON.parse(bootstrap.stdout) as { workspace: string; apiKey: string };
  const profile = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
  const journalOff = new URL('./journal-off.ts', import.meta.url).href;
  const withoutJournal = options.journalOff ? [`--import=${journalOff}`] : [];
  const started = startProcess(options.folder, {
    name: options.name,
    command: process.execPath,
    args: [...profile, ...withoutJournal, source('main.ts')],
    core: options.core,
    env,
  });
  const baseUrl = await listening(started);
  const client = createClient({ baseUrl, apiKey });
  const ceilings = { principalPerMinute: beyondReach, workspacePerMinute: beyondReach };
  await client.workspaces.update({
    params: { workspace },
    body: { settings: { auditMode: options.auditMode, limits: ceilings } },
  });
  await client.network.allow({ body: { target: new URL(options.upstreamUrl).host } });
  const limits = { perMinute: beyondReach, toolPerMinute: beyondReach };
  await client.servers.create({
    params: { workspace },
    body: { name: 'Bench', slug: 'bench', url: options.upstreamUrl, prefix: 'bench', limits },
  });
  const issued = await client.tokens.issue({ params: { workspace }, body: { label: 'Bench', scope: ['bench'] } });
  const url = `${baseUrl}/api/gw/${workspace}`;
  return { process: started, url, token: issued.secret, tool: 'bench_echo', recorded: () => countRows(data) };
}

function countRows(data: string): number {
  const database = new DatabaseSync(join(data, 'mcpnest.db'), { readOnly: true, timeout: 5_000 });
  try {
    return Number(database.prepare('select count(*) as count from mcp_tool_calls').get()!['count']);
  } finally {
    database.close();
  }
}

/** The address in the log line `ready`; an error with the last log lines after 20 s. */
async function listening(started: StartedProcess): Promise<string> {
  for (const until = performance.now() + 20_000; performance.now() < until; await sleep(20)) {
    const output = started.output();
    for (const line of output.split('\n')) {
      const url = line.includes('"msg":"ready"') ? /"url":"(http[^"]+)"/.exec(line)?.[1] : undefined;
      if (url !== undefined) return url;
    }
    if (started.child.exitCode !== null) break;
  }
  throw new Error(`${started.name} is not ready after 20 s or has ended. Its output: ${started.output() || 'none'}`);
}
