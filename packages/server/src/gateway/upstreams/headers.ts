import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { encodeHeaderValue } from '../era.ts';
import { implementation } from '../../domain/protocol.ts';
import type { Secret } from '../../domain/secret.ts';

/** Headers a request to an upstream may carry; the caller's own headers are never in scope here (rule R5). */
export interface OutgoingHeaders {
  /** Revision in force; omitted before one is agreed. */
  readonly version?: string;
  readonly session?: string | undefined;
  /** Modern requests mirror method and target. */
  readonly method?: string;
  readonly name?: string | undefined;
  /** `Mcp-Param-*` values made from the actual arguments. */
  readonly params?: readonly { readonly header: string; readonly value: string }[] | undefined;
}

/** Credential headers of a server, opened once per connection pool and revealed only while a request is built. */
export type Credential = readonly { readonly name: string; readonly value: Secret }[];

export const openCredential = (server: SnapshotServer, vault: Vault): Credential =>
  (server.credential?.headers ?? []).map(({ name, sealed }) => ({
    name,
    value: vault.open(sealed, `server/${server.id}/header/${name.toLowerCase()}`),
  }));

/** Build the headers of one request from an empty list. */
export function buildHeaders(credential: Credential, out: OutgoingHeaders): string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    'accept-encoding',
    'identity',
    'user-agent',
    userAgent,
  ];
  if (out.version !== undefined) headers.push('mcp-protocol-version', out.version);
  if (out.session !== undefined) headers.push('mcp-session-id', out.session);
  if (out.method !== undefined) headers.push('mcp-method', out.method);
  if (out.name !== undefined) headers.push('mcp-name', encodeHeaderValue(out.name));
  for (const { header, value } of out.params ?? []) headers.push(`mcp-param-${header}`, encodeHeaderValue(value));
  for (const { name, value } of credential) headers.push(name, value.reveal());
  return headers;
}

const userAgent = `${implementation.name}/${implementation.version}`;
