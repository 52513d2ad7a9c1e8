import { byteString, bytesOf } from '../platform/byte-string.ts';
import { member, scanJson, stringValue, type JsonNode, type ScanLimits } from '../platform/json/scan.ts';
import { splice, type Edit } from '../platform/json/splice.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import type { CallTarget } from './call-target.ts';
import type { ExposeUri } from './uri-marks.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/** As deep as an embedded resource of a prompt's message: envelope, result, messages, message, content, resource, uri. */
const deep: ScanLimits = { maxDepth: 256, maxElements: 2_000_000, maxKeys: 100_000, nodeDepth: 9, strict: false };

/**
 * Where an answer to the whole workspace names resources of its server by URIs that are marked there: contents that
 * were read, resource links, embedded resources, the URI of an error.
 * @returns undefined for nearly every answer: its server has no marked URI, and its bytes need not be looked at
 */
export function uriEdits(
  deps: GatewayDeps,
  call: Exchanged,
  target: CallTarget,
  answer: UpstreamAnswer,
): Edit[] | undefined {
  // At the URL of one server everything has the names the server itself uses.
  if (call.server !== undefined) return undefined;
  const expose = deps.catalogue.marks(call.principal.workspaceId, target.server);
  return expose === undefined ? undefined : editsOf(answer.bytes, expose);
}

function editsOf(bytes: Buffer, expose: ExposeUri): Edit[] {
  const root = scanJson(bytes, deep);
  const result = member(root, 'result');
  const named = [
    ...items(result, 'contents').flatMap((content) => all(content, 'uri')),
    ...items(result, 'content').flatMap(blockUris),
    ...items(result, 'messages').flatMap((message) => items(message, 'content').flatMap(blockUris)),
    ...all(member(member(root, 'error'), 'data'), 'uri'),
  ];
  return exchange(bytes, named, expose);
}

/** Of a content block: the URI of a resource link, or of an embedded resource. */
const blockUris = (block: JsonNode): JsonNode[] => [
  ...all(block, 'uri'),
  ...all(block, 'resource').flatMap((resource) => all(resource, 'uri')),
];

/** A tool's definition with the URI of its user interface (MCP Apps, also in the older flat form) as it is exposed. */
export function exposeUi(definition: string, expose: ExposeUri): string {
  const bytes = Buffer.from(definition);
  const meta = member(scanJson(bytes, deep), '_meta');
  const named = [...all(member(meta, 'ui'), 'resourceUri'), ...all(meta, 'ui/resourceUri')];
  return Buffer.from(splice(bytesOf(bytes), exchange(bytes, named, expose)), 'latin1').toString('utf8');
}

function exchange(bytes: Buffer, named: readonly JsonNode[], expose: ExposeUri): Edit[] {
  const edits: Edit[] = [];
  for (const node of named) {
    const own = stringValue(bytes, node);
    const exposed = own === undefined ? undefined : expose(own);
    if (exposed === undefined || exposed === own) continue;
    edits.push({ start: node.start, end: node.end, text: byteString(JSON.stringify(exposed)) });
  }
  return edits.sort((a, b) => a.start - b.start);
}

/** Every value of a name: an answer may repeat one, and which of them its reader takes is not ours to guess. */
const all = (node: JsonNode | undefined, key: string): JsonNode[] =>
  node?.kind === 'object' ? node.children.filter((_, i) => node.keys[i] === key) : [];

/** The elements of a member that is a list, or the member itself. */
const items = (node: JsonNode | undefined, key: string): JsonNode[] =>
  all(node, key).flatMap((value) => (value.kind === 'array' ? value.children : [value]));
