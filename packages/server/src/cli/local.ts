import { createClient } from '@mcpnest/contract/client';
import type { Client } from '@mcpnest/contract/client';
import { buildControl } from '../build.ts';
import type { LocalControl } from '../build.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secrets.ts';
import { createLog } from '../platform/log.ts';
import type { Io } from './io.ts';

/** The control plane of the data folder, run by this process beside whatever server may be running on it. */
export interface Local extends AsyncDisposable, Pick<LocalControl, 'deps'> {
  /** Acts as the local operator: whoever can read the data folder. */
  readonly client: Client;
  /** Acts as whoever bears this secret. */
  clientWith(secret: string): Client;
  /** Where clients reach the server when it runs. */
  readonly url: string;
}

/** Open the data folder, which is made on first use. */
export async function openLocal(config: Config, secrets: Secrets, io: Io): Promise<Local> {
  const { control, deps, ...rest } = await buildControl(
    config,
    secrets,
    createLog('error', { write: (line) => io.err(line) }),
  );
  const url = deps.publicUrl();
  const client = createClient({
    baseUrl: url,
    fetch: (request) => control.fetch(request, { actor: { kind: 'local' } }),
  });
  const clientWith = (secret: string): Client =>
    createClient({ baseUrl: url, apiKey: secret, fetch: (request) => control.fetch(request) });
  return { client, clientWith, deps, url, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() };
}
