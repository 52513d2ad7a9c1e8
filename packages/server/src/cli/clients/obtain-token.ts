import { hostname } from 'node:os';
import type { ClientAdapter } from '@mcpnest/contract/clients/adapter';
import { Secret } from '../../domain/secret.ts';
import type { Connection } from '../connection.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { gatewayToken, openTokenStore } from '../token-store.ts';

export interface TokenRequest {
  readonly client: ClientAdapter;
  readonly url: URL;
  /** Take it from standard input. */
  readonly fromInput: boolean;
  /** Undefined: the control API is not at hand, so none can be issued. */
  readonly control: { readonly connection: Connection; readonly workspace: string } | undefined;
  /** Keep it where `mcpnest connect --stdio` looks for it. */
  readonly keep: boolean;
}

/**
 * A gateway token for a client: given, kept on this machine, or issued now.
 * @returns with where it came from, in words
 * @throws UsageError where there is none, with the remedy
 */
export async function obtainToken(io: Io, request: TokenRequest): Promise<{ token: Secret; from: string }> {
  const { client, url, control } = request;
  const store = openTokenStore(io.environment);
  const kept = request.fromInput
    ? { token: gatewayToken(await io.readInput()), from: 'standard input' }
    : await store.find(url);
  const found = kept ?? (control === undefined ? undefined : await issue(client, control));
  if (found === undefined) {
    throw new UsageError(
      `There is no token for ${url.href}. Give one with --token-stdin, or set MCPNEST_API_KEY so that one can be issued.`,
    );
  }
  if (request.keep && found.from !== 'the keychain') await store.store(url, found.token);
  return found;
}

/** A person's key issues a token of that person; the operator at the data folder is nobody in particular. */
async function issue(
  client: ClientAdapter,
  { connection, workspace }: NonNullable<TokenRequest['control']>,
): Promise<{ token: Secret; from: string }> {
  const label = `${client.name} on ${hostname()}`.slice(0, 100);
  const kind = connection.mode === 'remote' ? 'member' : 'workspace';
  const { secret } = await connection.client.tokens.issue({ params: { workspace }, body: { kind, label } });
  return { token: new Secret(secret), from: `a new token '${label}'` };
}
