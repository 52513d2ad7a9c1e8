import { member, sourceText, stringValue, type JsonNode } from './json/scan.ts';

/** A property whose value a modern client mirrors in `Mcp-Param-{header}` (streamable-http "Custom Headers"). */
export interface ParamHeader {
  readonly header: string;
  /** Property names from the arguments down. */
  readonly path: readonly string[];
}

const annotation = 'x-mcp-header';
const tokenChars = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const mirrorable = new Set(['string', 'integer', 'boolean']);

/**
 * Collect the header annotations of an input schema.
 * @returns undefined when any is invalid, in which case the tool must not be offered: the name is no token, two
 * differ only in case, the type is not string, integer or boolean, or it stands where `properties` does not lead.
 */
export function paramHeaders(schema: unknown): readonly ParamHeader[] | undefined {
  const found: ParamHeader[] = [];
  const names = new Set<string>();
  let valid = true;
  walk(schema, []);
  return valid && countAnnotations(schema) === found.length ? found : undefined;

  function walk(node: unknown, path: readonly string[]): void {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { properties?: unknown };
    if (typeof properties !== 'object' || properties === null) return;
    for (const [key, property] of Object.entries(properties)) {
      if (typeof property !== 'object' || property === null) continue;
      const at = [...path, key];
      if (Object.hasOwn(property, annotation)) {
        const header = (property as Record<string, unknown>)[annotation];
        const type = (property as { type?: unknown }).type;
        const ok = typeof header === 'string' && tokenChars.test(header) && !names.has(header.toLowerCase());
        if (!ok || typeof type !== 'string' || !mirrorable.has(type)) {
          valid = false;
          return;
        }
        names.add(header.toLowerCase());
        found.push({ header, path: at });
      }
      walk(property, at);
    }
  }
}

/** Annotations anywhere in the schema, so that one where it cannot work is noticed. */
function countAnnotations(node: unknown, underProperties = false): number {
  if (typeof node !== 'object' || node === null) return 0;
  let count = !underProperties && !Array.isArray(node) && Object.hasOwn(node, annotation) ? 1 : 0;
  for (const [key, child] of Object.entries(node))
    count += countAnnotations(child, key === 'properties' && !underProperties);
  return count;
}

/** The mirrored values as the arguments have them; absent and null ones have no header. */
export function mirroredParams(
  headers: readonly ParamHeader[],
  bytes: Buffer,
  args: JsonNode | undefined,
): { header: string; value: string }[] {
  const values: { header: string; value: string }[] = [];
  for (const { header, path } of headers) {
    let node = args;
    for (const key of path) node = member(node, key);
    if (node === undefined || node.kind === 'object' || node.kind === 'array') continue;
    const value = node.kind === 'string' ? stringValue(bytes, node)! : sourceText(bytes, node);
    if (node.kind === 'literal' && value === 'null') continue;
    values.push({ header, value });
  }
  return values;
}
