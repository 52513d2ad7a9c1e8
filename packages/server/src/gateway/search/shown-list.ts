import { isSearchTool } from '../../domain/search-tools.ts';
import { defaultToolList, estimatedTokens, type ToolListMode } from '../../domain/tool-list.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import type { Definition } from '../definitions.ts';
import type { Caller } from '../inbound.ts';

/** Who looks at a list of tools, and from which URL. */
export type Looking = Pick<Caller, 'held' | 'server' | 'tools'>;

/**
 * What `tools/list` shows at a URL: what the URL says; otherwise what the workspace has chosen, which is about the URL of
 * all its servers and no other.
 */
export const toolListMode = ({ held, server, tools }: Looking): ToolListMode =>
  tools ?? (server === undefined ? (held.snapshot.settings.toolList ?? defaultToolList).mode : 'all');

/**
 * Whether this caller, who may use these tools, is shown the search tools instead. By weight, unless a tool has the name of
 * a search tool, as it may at the URL of its server: that name is the gateway's there, and a list does not say otherwise.
 */
export function showsSearch(looking: Looking, entries: readonly CatalogueEntry[]): boolean {
  const mode = toolListMode(looking);
  if (mode !== 'auto') return mode === 'search';
  if (entries.some(({ name }) => isSearchTool(name))) return true;
  const { autoAboveTokens } = looking.held.snapshot.settings.toolList ?? defaultToolList;
  return weightOf(entries).tokens > autoAboveTokens;
}

/** What a list of these tools weighs: UTF-8 bytes, and the tokens they are estimated to be. */
export function weightOf(entries: readonly CatalogueEntry[]): { readonly bytes: number; readonly tokens: number } {
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  return { bytes, tokens: estimatedTokens(bytes) };
}

const known = new WeakMap<Definition, number>();

/** With the comma that follows it in a list. */
function bytesOf({ name, definition }: CatalogueEntry): number {
  let bytes = known.get(definition);
  if (bytes === undefined) {
    bytes = Buffer.byteLength(definition.before) + Buffer.byteLength(definition.after);
    known.set(definition, bytes);
  }
  return bytes + Buffer.byteLength(JSON.stringify(name)) + 1;
}
