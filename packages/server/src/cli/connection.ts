import { createClient } from '@mcpnest/contract/client';
import type { Client } from '@mcpnest/contract/client';
import { loadConfig } from '../config/config.ts';
import { UsageError } from './fault.ts';
import type { Io } from './io.ts';

/** A way to the control API: over HTTP with a key, or at the data folder as its operator. */
export interface Connection extends AsyncDisposable {
  readonly client: Client;
  readonly mode: 'remote' | 'local';
}

/**
 * With MCPNEST_API_KEY the server at MCPNEST_URL is asked. Otherwise this process opens the data folder itself and
 * runs the same control plane in-process: whoever can read that folder is the operator. Both ways run the same
 * operations with the same checks.
 */
export async function connect(io: Io): Promise<Connection> {
  const { config, secrets } = loadConfig(io.environment);
  if (secrets.apiKey !== undefined) return remote(config.remoteUrl, secrets.apiKey.reveal());
  if (config.remoteUrl !== undefined) {
    throw new UsageError(
      'MCPNEST_URL names a server, but there is no key for it. Set MCPNEST_API_KEY or MCPNEST_API_KEY_FILE.',
    );
  }
  // Loaded only here: talking to a server elsewhere needs none of it.
  const { openLocal } = await import('./local.ts');
  const local = await openLocal(config, secrets, io);
  return { client: local.client, mode: 'local', [Symbol.asyncDispose]: () => local[Symbol.asyncDispose]() };
}

/**
 * The same with a secret that is a credential by itself: of a server named by MCPNEST_URL or used with a key so far,
 * otherwise at the data folder.
 */
export async function connectWith(io: Io, secret: string): Promise<Connection> {
  const { config, secrets } = loadConfig(io.environment);
  if (config.remoteUrl !== undefined || secrets.apiKey !== undefined) return remote(config.remoteUrl, secret);
  const { openLocal } = await import('./local.ts');
  const local = await openLocal(config, secrets, io);
  return { client: local.clientWith(secret), mode: 'local', [Symbol.asyncDispose]: () => local[Symbol.asyncDispose]() };
}

function remote(url: string | undefined, apiKey: string): Connection {
  const baseUrl = url ?? 'http://127.0.0.1:8420';
  const client = createClient({ baseUrl, apiKey, fetch: (request) => reach(request, baseUrl) });
  return { client, mode: 'remote', [Symbol.asyncDispose]: async () => undefined };
}

async function reach(request: Request, baseUrl: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    throw new Error(
      `The server at ${baseUrl} cannot be reached. Is it running (mcpnest start) and is MCPNEST_URL right?`,
      {
        cause: error instanceof Error ? error.cause : undefined,
      },
    );
  }
}
