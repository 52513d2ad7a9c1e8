import { hash } from 'node:crypto';

/** What one server lists of one kind, as the name table sees it; servers come in list order. */
export interface NamedServer {
  readonly id: string;
  readonly slug: string;
  readonly prefix: string | null;
  /** Names of its tools or prompts, URIs of its resources, or its URI templates. */
  readonly names: readonly string[];
}

export interface NameTarget {
  readonly serverId: string;
  /** The name the upstream knows. */
  readonly own: string;
}

export interface NameTable {
  /** Exposed names in list order. */
  readonly listed: readonly (NameTarget & { readonly name: string })[];
  /** Every name that resolves: the listed ones and those handed out earlier. */
  readonly targets: ReadonlyMap<string, NameTarget>;
}

/** Longest exposed name: the shortest limit among the model APIs that clients pass names to. */
export const maxExposedName = 64;

/**
 * Give every tool, or every prompt, one exposed name; each kind has a table of its own. Names are looked up in the table this makes and never parsed, so no choice of
 * slug, prefix or own name can make one name mean two things.
 *
 * - a prefix gives `{prefix}_{own}`; otherwise the bare name;
 * - names that clash become `{slug with - turned to _}__{own}` for every server in the clash;
 * - a name that was once handed out, bare, qualified or prefixed, keeps meaning the server it meant, and newcomers
 *   are qualified: no server can take over a name by choosing names;
 * - characters outside `A-Z a-z 0-9 _ . -` and names over 64 characters are replaced, with a hash as tail.
 *
 * @param handedOut names given out earlier
 * @param resting servers that are only disabled: their names resolve to nothing, but pass to nobody else
 * @param reserved names that are nobody's; a server's tool of such a name is qualified
 */
export function exposeNames(
  servers: readonly NamedServer[],
  handedOut: ReadonlyMap<string, NameTarget>,
  resting: ReadonlySet<string>,
  reserved: ReadonlySet<string> = nothing,
): NameTable {
  const serverIds = new Set(servers.map((server) => server.id));
  const owner = (name: string): NameTarget | undefined => {
    const target = handedOut.get(name);
    return target !== undefined && (serverIds.has(target.serverId) || resting.has(target.serverId))
      ? target
      : undefined;
  };

  const wanted: Candidate[] = [];
  const claims = new Map<string, number>();
  for (const server of servers) {
    for (const own of new Set(server.names)) {
      const plain = server.prefix === null ? own : `${server.prefix}_${own}`;
      const name = presentable(plain, server.id, own);
      wanted.push({ server, own, name });
      claims.set(name, (claims.get(name) ?? 0) + 1);
    }
  }

  const targets = new Map<string, NameTarget>();
  const listed: (NameTarget & { name: string })[] = [];
  for (const { server, own, name } of wanted) {
    const holder = owner(name);
    const mine = holder?.serverId === server.id;
    // Bare names in a clash are all qualified; a prefixed name that is its server's own stays.
    const taken =
      reserved.has(name) ||
      (holder !== undefined && !mine) ||
      (claims.get(name)! > 1 && !(mine && server.prefix !== null));
    let exposed = taken ? presentable(`${server.slug.replaceAll('-', '_')}__${own}`, server.id, own) : name;
    const incumbent = owner(exposed);
    const claimed = taken && incumbent === undefined && claims.has(exposed);
    const foreign = incumbent !== undefined && incumbent.serverId !== server.id;
    if (targets.has(exposed) || claimed || foreign || reserved.has(exposed))
      exposed = withTail(exposed, server.id, own);
    const target = { serverId: server.id, own };
    targets.set(exposed, target);
    listed.push({ name: exposed, ...target });
  }

  for (const [name, target] of handedOut) {
    if (!targets.has(name) && !reserved.has(name) && serverIds.has(target.serverId)) targets.set(name, target);
  }
  return { listed, targets };
}

const nothing: ReadonlySet<string> = new Set();

interface Candidate {
  readonly server: NamedServer;
  readonly own: string;
  readonly name: string;
}

function presentable(name: string, serverId: string, own: string): string {
  const clean = name.replace(/[^A-Za-z0-9_.-]/g, '_');
  return clean === name && name !== '' && name.length <= maxExposedName ? name : withTail(clean, serverId, own);
}

function withTail(name: string, serverId: string, own: string): string {
  const tail = hash('sha256', `${serverId}\n${own}`, 'hex').slice(0, 10);
  return `${name.slice(0, maxExposedName - tail.length - 1)}_${tail}`;
}
