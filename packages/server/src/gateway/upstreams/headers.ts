import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { encodeHeaderValue } from '../../platform/header-value.ts';
import { headerLine } from '../../platform/http1/header-line.ts';
import { implementation, newestModern } from '../../domain/protocol.ts';
import type { Secret } from '../../domain/secret.ts';

/** Headers a request to an upstream may carry; the caller's own headers are never in scope here (rule R5). */
export interface OutgoingHeaders {
  /** Revision in force; omitted before one is agreed. */
  readonly version?: string;
  readonly session?: string | undefined;
  /** Only a stream is wanted, and nothing is said: a GET. */
  readonly stream?: true;
  /** The event after which a stream is to go on. */
  readonly lastEventId?: string | undefined;
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

/**
 * Build the header section of one request from nothing.
 * @throws TypeError when a value cannot be sent as a header
 */
export function buildHeaders(credential: Credential, out: OutgoingHeaders): string {
  let headers = out.stream === true ? fixedOfStream : fixed;
  if (out.version !== undefined) headers += out.version === newestModern ? modern : versionLine(out.version);
  if (out.session !== undefined) headers += headerLine('mcp-session-id', out.session);
  if (out.lastEventId !== undefined) headers += headerLine('last-event-id', out.lastEventId);
  if (out.method !== undefined) headers += out.method === 'tools/call' ? toolsCall : methodLine(out.method);
  if (out.name !== undefined) headers += headerLine('mcp-name', encodeHeaderValue(out.name));
  if (out.params !== undefined) {
    for (const { header, value } of out.params) headers += headerLine(`mcp-param-${header}`, encodeHeaderValue(value));
  }
  for (const { name, value } of credential) headers += headerLine(name, value.reveal());
  return headers;
}

const versionLine = (version: string): string => headerLine('mcp-protocol-version', version);
const methodLine = (method: string): string => headerLine('mcp-method', method);
// What nearly every request says.
const modern = versionLine(newestModern);
const toolsCall = methodLine('tools/call');
const always =
  headerLine('accept-encoding', 'identity') +
  headerLine('user-agent', `${implementation.name}/${implementation.version}`);
const fixed =
  headerLine('content-type', 'application/json') + headerLine('accept', 'application/json, text/event-stream') + always;
const fixedOfStream = headerLine('accept', 'text/event-stream') + always;
