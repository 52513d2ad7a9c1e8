import { quoted } from '../platform/json/quoted.ts';
import type { JsonNode } from '../platform/json/scan.ts';

/** The argument names a tool declares, nested as its input schema nests them. Nothing else is ever recorded by name. */
export type DeclaredArgs = ReadonlyMap<string, DeclaredArgs>;

const maxDepth = 6;
const maxEntries = 64;
/** A longer name is as good as undeclared: rows hold names, and servers choose them. */
const longestName = 64;
const noArgs: DeclaredArgs = new Map();

/** Read the declared names from a tool's `inputSchema` (an unknown JSON value). */
export function declaredArgs(schema: unknown, depth = 1): DeclaredArgs {
  if (typeof schema !== 'object' || schema === null || depth > maxDepth) return noArgs;
  const { properties, items } = schema as { properties?: unknown; items?: unknown };
  if (typeof properties !== 'object' || properties === null) {
    return items === undefined ? noArgs : declaredArgs(items, depth + 1);
  }
  const declared = new Map<string, DeclaredArgs>();
  for (const [name, inner] of Object.entries(properties)) {
    if (declared.size === maxEntries) break;
    if (name.length > longestName) continue;
    declared.set(name, declaredArgs(inner, depth + 1));
  }
  return declared;
}

/** Names declared without anything below them: arguments of a prompt, variables of a URI template. */
export const declaredNames = (names: readonly string[]): DeclaredArgs =>
  new Map(
    names
      .filter((name) => name.length <= longestName)
      .slice(0, maxEntries)
      .map((name) => [name, noArgs]),
  );

/**
 * The shape of arguments without any value: declared names with type and size bucket, undeclared members only
 * counted, because names can be data too. Walks iteratively, at most 6 levels and 64 entries.
 *
 * Form: path to type, for example `{"message":"s1-16","filter.tags":"a1-16","?":2}`; the types are s(tring), a(rray)
 * and o(bject) with a size bucket, n(umber), and l(iteral) for true, false and null, which would be values.
 */
export function argsShape(args: JsonNode | undefined, declared: DeclaredArgs): string {
  if (args === undefined) return '{}';
  if (args.kind !== 'object') return `{"":"${typeOf(args)}"}`;
  const entries: string[] = [];
  let undeclared = 0;
  let cut = 0;
  const waiting: { node: JsonNode; names: DeclaredArgs; path: string; depth: number }[] = [
    { node: args, names: declared, path: '', depth: 1 },
  ];
  for (const { node, names, path, depth } of waiting) {
    for (let i = 0; i < node.keys.length; i++) {
      const key = node.keys[i]!;
      const inner = names.get(key);
      if (inner === undefined) {
        undeclared++;
        continue;
      }
      if (entries.length === maxEntries) {
        cut++;
        continue;
      }
      const child = node.children[i]!;
      const at = path === '' ? key : `${path}.${key}`;
      entries.push(`${quoted(at)}:"${typeOf(child)}"`);
      if (child.kind === 'object' && depth < maxDepth)
        waiting.push({ node: child, names: inner, path: at, depth: depth + 1 });
    }
  }
  if (undeclared > 0) entries.push(`"?":${undeclared}`);
  if (cut > 0) entries.push(`"+":${cut}`);
  return `{${entries.join(',')}}`;
}

function typeOf(node: JsonNode): string {
  switch (node.kind) {
    case 'string':
      return `s${bucket(node.end - node.start - 2)}`;
    case 'array':
      return `a${bucket(node.children.length)}`;
    case 'object':
      return `o${bucket(node.keys.length)}`;
    case 'number':
      return 'n';
    case 'literal':
      return 'l';
  }
}

function bucket(size: number): string {
  if (size === 0) return '0';
  if (size <= 16) return '1-16';
  if (size <= 64) return '17-64';
  if (size <= 256) return '65-256';
  if (size <= 4096) return '257-4k';
  return '>4k';
}
