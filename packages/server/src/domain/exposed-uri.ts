import type { NamedServer, NameTable, NameTarget } from './exposed-name.ts';

/**
 * A URI, or a URI template, with its server in front: `mcpnest-{slug}+{uri}`, which is a scheme of its own by RFC 3986
 * 3.1; `ui:` URIs keep theirs, since hosts of MCP Apps look at it, and carry the server as their authority instead:
 * `ui://mcpnest-{slug}/{rest}`. A slug has neither `+` nor `/`, so the mark is read back without doubt.
 */
export function markUri(slug: string, uri: string): string {
  return uri.startsWith('ui://') ? `ui://mcpnest-${slug}/${uri.slice(5)}` : `mcpnest-${slug}+${uri}`;
}

/** The slug and the server's own URI of a marked one; undefined where there is no mark. */
export function readMark(uri: string): { slug: string; own: string } | undefined {
  const ui = uiMark.exec(uri);
  if (ui !== null) return { slug: ui[1]!, own: `ui://${uri.slice(ui[0].length)}` };
  const mark = schemeMark.exec(uri);
  return mark === null ? undefined : { slug: mark[1]!, own: uri.slice(mark[0].length) };
}

const uiMark = /^ui:\/\/mcpnest-([a-z0-9-]{1,64})\//i;
const schemeMark = /^mcpnest-([a-z0-9-]{1,64})\+/i;

/**
 * Give every resource, or every template, the URI it is listed under: its own where no other server lists it, marked
 * with the server where two do. One that was handed out bare stays with the server it meant, and newcomers are marked.
 * What looks marked already is marked again, so that no server can list a URI that reads as another's.
 *
 * @param handedOut URIs given out bare earlier
 * @param resting servers that are only disabled: what they were handed resolves to nothing, but passes to nobody else
 */
export function exposeUris(
  servers: readonly NamedServer[],
  handedOut: ReadonlyMap<string, NameTarget>,
  resting: ReadonlySet<string>,
): NameTable {
  const serverIds = new Set(servers.map((server) => server.id));
  const claims = new Map<string, number>();
  for (const server of servers) {
    for (const uri of new Set(server.names)) claims.set(uri, (claims.get(uri) ?? 0) + 1);
  }
  const targets = new Map<string, NameTarget>();
  const listed: (NameTarget & { name: string })[] = [];
  for (const server of servers) {
    for (const own of new Set(server.names)) {
      const holder = handedOut.get(own)?.serverId;
      const held = holder !== undefined && (serverIds.has(holder) || resting.has(holder));
      const bare = (held ? holder === server.id : claims.get(own) === 1) && readMark(own) === undefined;
      const name = bare ? own : markUri(server.slug, own);
      const target = { serverId: server.id, own };
      targets.set(name, target);
      listed.push({ name, ...target });
    }
  }
  for (const [name, target] of handedOut) {
    if (!targets.has(name) && serverIds.has(target.serverId)) targets.set(name, target);
  }
  return { listed, targets };
}
