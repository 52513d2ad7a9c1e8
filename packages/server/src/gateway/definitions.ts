import { hash } from 'node:crypto';
import { canonicalJson } from '../platform/json/canonical.ts';
import {
  JsonRejected,
  member,
  scanJson,
  sourceText,
  stringValue,
  type JsonNode,
  type ScanLimits,
} from '../platform/json/scan.ts';
import { paramHeaders, type ParamHeader } from '../platform/param-headers.ts';
import { declaredArgs, type DeclaredArgs } from './args-shape.ts';

/** A tool as its server defines it. The text is kept as it came; only the name is exchanged when it is listed. */
export interface ToolDefinition {
  readonly name: string;
  /** Source text before and after the value of `name`. */
  readonly before: string;
  readonly after: string;
  /** SHA-256 over the canonical definition without `_meta`: the identity an approval or a record can pin. */
  readonly hash: string;
  readonly declared: DeclaredArgs;
  /** Arguments the server wants mirrored in `Mcp-Param-*` headers. */
  readonly paramHeaders: readonly ParamHeader[];
}

export interface ReadTools {
  readonly tools: readonly ToolDefinition[];
  /** Definitions left out: too large, nameless, twice the same name, or with invalid header annotations. */
  readonly dropped: number;
}

/** Bounds of what one server may define. */
export const definitionLimits = { tools: 500, bytes: 64 * 1024 } as const;

const listLimits: ScanLimits = { maxDepth: 256, maxElements: 500_000, maxKeys: 5_000, nodeDepth: 4, strict: false };
const definitionScan: ScanLimits = { maxDepth: 128, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 128, strict: true };

/** The `tools` array and `nextCursor` of one `tools/list` result. */
export function readPage(result: Buffer): { tools: readonly string[]; nextCursor: string | undefined } | undefined {
  const root = scanJson(result, listLimits);
  const tools = member(root, 'tools');
  if (tools?.kind !== 'array') return undefined;
  return {
    tools: tools.children.map((tool) => sourceText(result, tool)),
    nextCursor: stringValue(result, member(root, 'nextCursor')),
  };
}

/** Read definitions from their source texts, leaving out what a client could not or must not use. */
export function readDefinitions(texts: readonly string[]): ReadTools {
  const tools: ToolDefinition[] = [];
  const names = new Set<string>();
  for (const text of texts.slice(0, definitionLimits.tools)) {
    const definition = readDefinition(text);
    if (definition === undefined || names.has(definition.name)) continue;
    names.add(definition.name);
    tools.push(definition);
  }
  return { tools, dropped: texts.length - tools.length };
}

function readDefinition(text: string): ToolDefinition | undefined {
  const bytes = Buffer.from(text);
  if (bytes.length > definitionLimits.bytes) return undefined;
  let root: JsonNode;
  try {
    root = scanJson(bytes, definitionScan);
  } catch (error) {
    if (error instanceof JsonRejected) return undefined;
    throw error;
  }
  const nameNode = member(root, 'name');
  const name = stringValue(bytes, nameNode);
  if (nameNode === undefined || name === undefined || name === '') return undefined;
  const schemaNode = member(root, 'inputSchema');
  const schema: unknown = schemaNode === undefined ? undefined : JSON.parse(sourceText(bytes, schemaNode));
  const headers = paramHeaders(schema);
  if (headers === undefined) return undefined;
  const kept = root.keys.map((key, i) => ({ key, node: root.children[i]! })).filter(({ key }) => key !== '_meta');
  const identity: JsonNode = { ...root, keys: kept.map(({ key }) => key), children: kept.map(({ node }) => node) };
  return {
    name,
    before: bytes.toString('utf8', 0, nameNode.start),
    after: bytes.toString('utf8', nameNode.end),
    hash: hash('sha256', canonicalJson(bytes, identity), 'hex'),
    declared: declaredArgs(schema),
    paramHeaders: headers,
  };
}

/** The definition under another name, otherwise byte for byte. */
export const renamed = (definition: ToolDefinition, name: string): string =>
  definition.before + JSON.stringify(name) + definition.after;
