import type { Auth, AuthWay, ClientAdapter, Endpoint, OperatingSystem } from '@mcpnest/contract/clients/adapter';
import { snippet } from '@mcpnest/contract/clients/render';

/** Ways that work with nothing of ours on the machine. */
export type BrowserWay = Exclude<AuthWay, 'bridge'>;

/** How a client comes by its token when it is set up from a web page: its best way of those; undefined for none. */
export const wayOf = ({ ways }: ClientAdapter): BrowserWay | undefined =>
  ways.find((way): way is BrowserWay => way !== 'bridge');

/** What stands in place of a token that was not made yet. */
export const noToken = '<your token>';

/** The whole configuration of a client for an address, with the token in it where its way has one there. */
export function configurationOf(client: ClientAdapter, endpoint: Endpoint, way: BrowserWay, token: string): string {
  const auth: Auth = way === 'literal' || way === 'mcp-remote' ? { way, token } : { way };
  return snippet(client, { ...endpoint, auth });
}

/** The client's line for a terminal, after the one that sets what it reads. Undefined where it has none. */
export function commandOf(client: ClientAdapter, endpoint: Endpoint, token: string): string | undefined {
  const line = client.command?.(endpoint);
  if (line === undefined || !line.includes('MCPNEST_TOKEN')) return line;
  return `export MCPNEST_TOKEN='${token}'\n${line}`;
}

/** What a browser says of the system it runs on. */
export function operatingSystemOf(userAgent: string): OperatingSystem {
  if (/Windows/i.test(userAgent)) return 'windows';
  return /Mac OS|Macintosh/i.test(userAgent) ? 'macos' : 'linux';
}

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Which known client one is by what it calls itself; undefined for any other. */
export function knownClient(clients: readonly ClientAdapter[], name: string): ClientAdapter | undefined {
  const said = bare(name);
  if (said === '') return undefined;
  return clients.find((client) => said.startsWith(bare(client.id)) || said.startsWith(bare(client.name)));
}

/** Those that have come before first, in their order; those that take no token last. */
export function likelyFirst(clients: readonly ClientAdapter[], seen: readonly string[]): readonly ClientAdapter[] {
  const known = new Set(seen.map((name) => knownClient(clients, name)));
  const rank = (client: ClientAdapter): number => (known.has(client) ? 0 : client.ways.length === 0 ? 2 : 1);
  return clients.toSorted((a, b) => rank(a) - rank(b));
}
