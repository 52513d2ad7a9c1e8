import { credentialHeaderProblem, headerValueForm, mostUrlCharacters, serverUrlProblem } from '../server-form.ts';
import type { ImportedServer } from './imported.ts';
import { matchHosted } from './risks.ts';

/** What is to become of a server that a client has. */
export type Proposal =
  | {
      readonly kind: 'add';
      readonly slug: string;
      readonly url: string;
      /** The credential that moves with it; empty: none. */
      readonly headers: Readonly<Record<string, string>>;
      /** What a person still has to do. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'host'; readonly entry: string }
  | { readonly kind: 'leave'; readonly reason: string };

/**
 * What to do with each server, in the order they are given.
 * @param gateway URL of the workspace's gateway; what leads there is behind it already
 * @param catalogue of what can be hosted
 */
export function planImport(
  servers: readonly ImportedServer[],
  gateway: string,
  catalogue: Parameters<typeof matchHosted>[2],
): Proposal[] {
  const taken = new Set<string>();
  return servers.map((server) => {
    const proposal = propose(server, gateway, catalogue);
    if (proposal.kind !== 'add') return proposal;
    const slug = freeSlug(proposal.slug, taken);
    taken.add(slug);
    return { ...proposal, slug };
  });
}

function propose(server: ImportedServer, gateway: string, catalogue: Parameters<typeof matchHosted>[2]): Proposal {
  if (server.args.some(({ value }) => value === gateway || value.startsWith(`${gateway}/`)))
    return { kind: 'leave', reason: 'it is this gateway' };
  if (server.kind === 'stdio') {
    const entry = matchHosted(
      server.command ?? '',
      server.args.map(({ value }) => value),
      catalogue,
    );
    return entry === undefined
      ? { kind: 'leave', reason: 'it is a program; it needs hosting and is not in the catalogue' }
      : { kind: 'host', entry };
  }
  const url = server.url ?? '';
  if (url === gateway || url.startsWith(`${gateway}/`)) return { kind: 'leave', reason: 'it is this gateway' };
  if (server.urlSecrets.length > 0)
    return { kind: 'leave', reason: 'its address carries a credential; add it with that credential in a header' };
  if (url.length > mostUrlCharacters || serverUrlProblem(url) !== undefined)
    return { kind: 'leave', reason: 'its address is none a server can have' };
  return { kind: 'add', slug: slugOf(server.name), url, ...credentialOf(server) };
}

function credentialOf({ headers }: ImportedServer): { headers: Record<string, string>; notes: string[] } {
  const kept: Record<string, string> = {};
  const notes: string[] = [];
  for (const { name, value, secret, reference } of headers) {
    const problem = credentialHeaderProblem(name);
    if (problem !== undefined) {
      if (secret !== undefined) notes.push(`The header ${name} ${problem}.`);
    } else if (reference || /\$\{|\{env:/.test(value)) {
      notes.push(`The value of ${name} is not in the file; set it with: mcpnest server credential set`);
    } else if (!headerValueForm.test(value)) notes.push(`The value of ${name} cannot be sent in a header.`);
    else kept[name] = value;
  }
  return { headers: kept, notes };
}

const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 36)
    .replace(/^-|-$/g, '') || 'server';

function freeSlug(wanted: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const slug = n === 1 ? wanted : `${wanted}-${n}`;
    if (!taken.has(slug)) return slug;
  }
}
