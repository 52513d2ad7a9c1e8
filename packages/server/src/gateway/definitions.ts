import { compileTemplate, maxUri, templateVariables, type UriTemplate } from '../domain/uri-template.ts';
import {
  canonicalDefinition,
  definitionHash,
  maxDefinitionBytes,
  scanDefinition,
} from '../platform/definition-identity.ts';
import { member, scanJson, sourceText, stringValue, type JsonNode, type ScanLimits } from '../platform/json/scan.ts';
import { declaredArgs, declaredNames, type DeclaredArgs } from './args-shape.ts';
import type { ListForm } from './list-kinds.ts';
import { paramHeaders, type ParamHeader } from '../platform/param-headers.ts';

/**
 * A tool, prompt, resource or resource template as its server defines it. The text is kept as it came; only what tells
 * it from others is exchanged when it is listed.
 */
export interface Definition {
  /** What the server itself calls it: a name, a URI or a URI template. */
  readonly name: string;
  /** Source text before and after the value of that member. */
  readonly before: string;
  readonly after: string;
  /**
   * SHA-256 over the canonical definition without `_meta`: the identity an approval or a record can pin. Null where
   * there is no definition: a resource its server does not list.
   */
  readonly hash: string | null;
  readonly declared: DeclaredArgs;
  /** Arguments of a tool that the server wants mirrored in `Mcp-Param-*` headers. */
  readonly paramHeaders: readonly ParamHeader[];
  /** Of a resource template that can route. */
  readonly template: UriTemplate | undefined;
  /** A tool that names a resource of its server as its user interface (MCP Apps). */
  readonly hasUi: boolean;
}

export interface ReadDefinitions {
  readonly definitions: readonly Definition[];
  /** Left out: too large, nameless, twice the same name, or with invalid header annotations. */
  readonly dropped: number;
}

/** Bounds of what one server may define, for each kind: entries, bytes of each, and characters of all. */
export const definitionLimits = { entries: 500, bytes: maxDefinitionBytes, length: 8 * 1024 * 1024 } as const;

const listLimits: ScanLimits = { maxDepth: 256, maxElements: 500_000, maxKeys: 5_000, nodeDepth: 4, strict: false };

/** The entries and `nextCursor` of one page of a list. */
export function readPage(
  result: Buffer,
  form: ListForm,
): { entries: readonly string[]; nextCursor: string | undefined } | undefined {
  const root = scanJson(result, listLimits);
  const entries = member(root, form.member);
  if (entries?.kind !== 'array') return undefined;
  return {
    entries: entries.children.map((entry) => sourceText(result, entry)),
    nextCursor: stringValue(result, member(root, 'nextCursor')),
  };
}

/** Read definitions from their source texts, leaving out what a client could not or must not use. */
export function readDefinitions(texts: readonly string[], form: ListForm): ReadDefinitions {
  const definitions: Definition[] = [];
  const names = new Set<string>();
  for (const text of texts.slice(0, definitionLimits.entries)) {
    const definition = readDefinition(text, form);
    if (definition === undefined || names.has(definition.name)) continue;
    names.add(definition.name);
    definitions.push(definition);
  }
  return { definitions, dropped: texts.length - definitions.length };
}

function readDefinition(text: string, form: ListForm): Definition | undefined {
  const bytes = Buffer.from(text);
  const root = scanDefinition(bytes);
  if (root === undefined) return undefined;
  const nameNode = member(root, form.identity);
  const name = stringValue(bytes, nameNode);
  if (nameNode === undefined || name === undefined || name === '') return undefined;
  const details = detailsOf[form.kind](bytes, root, name);
  if (details === undefined) return undefined;
  return {
    name,
    before: bytes.toString('utf8', 0, nameNode.start),
    after: bytes.toString('utf8', nameNode.end),
    hash: definitionHash(canonicalDefinition(bytes, root)),
    ...details,
  };
}

type Details = Pick<Definition, 'declared' | 'paramHeaders' | 'template' | 'hasUi'>;

const plain: Details = { declared: declaredNames([]), paramHeaders: [], template: undefined, hasUi: false };

/** What only definitions of one kind have; undefined for one that must not be offered. */
const detailsOf: Record<ListForm['kind'], (bytes: Buffer, root: JsonNode, name: string) => Details | undefined> = {
  tools(bytes, root) {
    const schemaNode = member(root, 'inputSchema');
    const schema: unknown = schemaNode === undefined ? undefined : JSON.parse(sourceText(bytes, schemaNode));
    const headers = paramHeaders(schema);
    if (headers === undefined) return undefined;
    const meta = member(root, '_meta');
    const hasUi = member(meta, 'ui') !== undefined || member(meta, 'ui/resourceUri') !== undefined;
    return { ...plain, declared: declaredArgs(schema), paramHeaders: headers, hasUi };
  },
  prompts(bytes, root) {
    const names = (member(root, 'arguments')?.children ?? []).map((arg) => stringValue(bytes, member(arg, 'name')));
    return { ...plain, declared: declaredNames(names.filter((name) => name !== undefined)) };
  },
  resources: (_, __, uri) => (isBounded(uri) ? plain : undefined),
  templates: (_, __, text) =>
    isBounded(text)
      ? { ...plain, declared: declaredNames(templateVariables(text)), template: compileTemplate(text) }
      : undefined,
};

/** A URI is a key of a table and of an index, so its bytes are bounded, too. */
const isBounded = (uri: string): boolean => Buffer.byteLength(uri) <= maxUri;

/** Stands for a resource that its server does not list: of its URI, which may carry anything, only the scheme is kept. */
export const unlisted = (uri: string): Definition => ({
  ...plain,
  name: schemeOf(uri),
  before: '',
  after: '',
  hash: null,
});

/** The scheme of a URI with its colon; empty for what has none. */
export const schemeOf = (uri: string): string => /^[a-z][a-z0-9+.-]{0,80}:/i.exec(uri)?.[0] ?? '';

/** The definition under another name, otherwise byte for byte. */
export const renamed = (definition: Definition, name: string): string =>
  definition.before + JSON.stringify(name) + definition.after;
