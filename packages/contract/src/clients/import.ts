import type { ConfigFormat } from './adapter.ts';
import { clients } from './clients.ts';
import { readEntry } from './import-entry.ts';
import { importLimits } from './imported.ts';
import type { ImportedServer, ImportReport } from './imported.ts';

/** Readers of the formats; each throws where a text is not of its format. */
export type ConfigParsers = Readonly<Record<ConfigFormat, (text: string) => unknown>>;

/**
 * The servers of a client's configuration, whichever client's it is. Nothing of it is executed, looked up or expanded.
 * @param format of the file; tried in turn when it is not known
 * @throws RangeError for a text that is too large, SyntaxError for one that is of no known format
 */
export function readClientConfig(text: string, parsers: ConfigParsers, format?: ConfigFormat): ImportReport {
  if (text.length > importLimits.characters) throw new RangeError('The configuration is too large to be read.');
  const formats: readonly ConfigFormat[] = format === undefined ? ['jsonc', 'toml', 'yaml'] : [format];
  for (const each of formats) {
    let tree: unknown;
    try {
      tree = parsers[each](text);
    } catch {
      continue;
    }
    if (isTree(tree)) return readTree(tree);
  }
  throw new SyntaxError(
    format === undefined
      ? 'This is no configuration: neither JSON nor TOML nor YAML with members.'
      : `This is not ${format.toUpperCase()} with members.`,
  );
}

/** The same of what a reader has made of the text. */
export function readTree(tree: Tree): ImportReport {
  if (depthOf(tree) > importLimits.depth)
    return { servers: [], problems: ['The configuration is nested too deeply to be read.'] };
  const problems: string[] = [];
  const servers: ImportedServer[] = [];
  for (const { path, name, entry } of entriesOf(tree)) {
    if (servers.length === importLimits.servers) {
      problems.push(`Only the first ${importLimits.servers} servers were read.`);
      break;
    }
    const read = readEntry(name, path, entry);
    if (read === undefined) continue;
    if (typeof read === 'string') problems.push(`${name.slice(0, 100)}: ${read}`);
    else servers.push(read);
  }
  return { servers, problems };
}

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

interface Found {
  readonly path: readonly (string | number)[];
  readonly name: string;
  readonly entry: Tree;
}

/** Where any client keeps its servers; the longest first, since one may lie within another. */
const containers: readonly (readonly string[])[] = [
  ['mcp', 'servers'],
  ['mcp', 'mcpServers'],
  ...new Map(
    clients.filter(({ container }) => container.length > 0).map(({ container }) => [container.join('\0'), container]),
  ).values(),
];

function entriesOf(tree: Tree): Found[] {
  const found = containers.flatMap((container) => entriesAt(tree, container));
  // Claude Code keeps what belongs to one folder below it.
  const projects = tree['projects'];
  if (isTree(projects)) {
    for (const folder of Object.keys(projects)) found.push(...entriesAt(tree, ['projects', folder, 'mcpServers']));
  }
  if (found.length > 0) return found;
  // A single map of servers, as documentation shows it.
  return entriesAt(tree, []);
}

function entriesAt(tree: Tree, container: readonly string[]): Found[] {
  let at: unknown = tree;
  for (const key of container) at = isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  if (Array.isArray(at)) {
    return at.flatMap((entry: unknown, index) => {
      if (!isTree(entry)) return [];
      const name = typeof entry['name'] === 'string' ? entry['name'] : `server-${index + 1}`;
      return [{ path: [...container, index], name, entry }];
    });
  }
  if (!isTree(at)) return [];
  return Object.entries(at).flatMap(([name, entry]) =>
    isTree(entry) ? [{ path: [...container, name], name, entry }] : [],
  );
}

/** Levels of a value; counted without recursion, since it may be as deep as its writer liked. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value]; level.length > 0 && depth <= importLimits.depth; depth++)
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  return depth;
}
