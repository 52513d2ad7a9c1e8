import { isDeepStrictEqual } from 'node:util';
import { applyEdits, modify } from 'jsonc-parser';
import { isMap, isSeq, parseDocument, type Document } from 'yaml';
import type { ConfigFormat, ConfigObject } from '@mcpnest/contract/clients/adapter';
import { tomlTable, type Placement } from '@mcpnest/contract/clients/render';
import { UsageError } from '../fault.ts';
import { parseConfig } from './formats.ts';

/** What is to change in a configuration. */
export interface Edit {
  readonly put: readonly Placement[];
  /** Entries to take out, by their keys from the top; in a list the last is the place. */
  readonly remove: readonly (readonly (string | number)[])[];
}

/**
 * A configuration with entries put in and taken out, everything else left as it is written: comments, order, spaces.
 * @param file named in errors
 * @throws UsageError when the text cannot be understood, or could not be changed without touching something else
 */
export function editConfig(text: string, format: ConfigFormat, edit: Edit, file: string): string {
  const before = understood(text, format, file);
  for (const { container, shape } of edit.put) requireRoom(before, container, shape, file);
  // From the back, so that places in a list stay what they were.
  const remove = [...edit.remove].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0);
  const writer = format === 'toml' ? writeToml : format === 'yaml' ? writeYaml : writeJson;
  const after = writer(text, { put: edit.put, remove }, before);
  // A table of TOML without members is not there.
  const wanted = expected(before, edit, format === 'toml');
  if (!means(after, format, wanted))
    throw new UsageError(`${file} is written in a way that cannot be changed safely. Put the entry in by hand.`);
  return after;
}

type Tree = Record<string, unknown>;

function means(text: string, format: ConfigFormat, wanted: Tree): boolean {
  try {
    return isDeepStrictEqual(plain(parseConfig(text, format) ?? {}), plain(wanted));
  } catch {
    return false;
  }
}

function understood(text: string, format: ConfigFormat, file: string): Tree {
  let tree: unknown;
  try {
    tree = parseConfig(text, format);
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it cannot be read';
    throw new UsageError(`${file} is damaged (${reason}). Mend it first; nothing was changed.`);
  }
  if (tree === null) return {};
  if (!isTree(tree)) throw new UsageError(`${file} holds no members at its top. Mend it first; nothing was changed.`);
  return tree;
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function requireRoom(tree: Tree, container: readonly string[], shape: Placement['shape'], file: string): void {
  let at: unknown = tree;
  for (const [depth, key] of container.entries()) {
    at = (at as Tree)[key];
    if (at === undefined || at === null) return;
    const last = depth === container.length - 1;
    if (last && shape === 'list' ? Array.isArray(at) : isTree(at)) continue;
    throw new UsageError(`${container.slice(0, depth + 1).join('.')} in ${file} is not what its client expects there.`);
  }
}

/** What the configuration must mean afterwards. */
function expected(before: Tree, { put, remove }: Edit, withoutEmpty = false): Tree {
  const tree = structuredClone(before);
  for (const path of [...remove].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0)) {
    const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Tree)[key], tree);
    const last = path.at(-1)!;
    if (Array.isArray(holder)) holder.splice(Number(last), 1);
    else delete (holder as Tree)[last];
    const above = path.slice(0, -2).reduce<unknown>((at, key) => (at as Tree)[key], tree) as Tree;
    if (withoutEmpty && Object.keys(holder as Tree).length === 0) delete above[path.at(-2)!];
  }
  for (const { container, shape, idKey, name, value } of put) {
    let at = tree;
    for (const key of container.slice(0, -1)) at = (at[key] ??= {}) as Tree;
    const last = container.at(-1)!;
    if (shape === 'map') ((at[last] ??= {}) as Tree)[name] = value;
    else {
      const list = (at[last] ??= []) as Tree[];
      const index = placeOf(list, idKey, name);
      list.splice(index < 0 ? list.length : index, index < 0 ? 0 : 1, value);
    }
  }
  return tree;
}

const placeOf = (list: readonly unknown[], idKey: string, name: string): number =>
  list.findIndex((item) => isTree(item) && item[idKey] === name);

/** Without prototypes, dates and what else a reader may have made of it. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function writeJson(text: string, { put, remove }: Edit, before: Tree): string {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const formattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
  let now = text.trim() === '' ? '{}\n' : text;
  const set = (path: readonly (string | number)[], value: unknown, insert = false): void => {
    now = applyEdits(now, modify(now, [...path], value, { formattingOptions, isArrayInsertion: insert }));
  };
  for (const path of remove) set(path, undefined);
  const gone = expected(before, { put: [], remove });
  for (const { container, shape, idKey, name, value } of put) {
    if (shape === 'map') set([...container, name], value);
    else {
      const list = container.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), gone);
      const index = Array.isArray(list) ? placeOf(list, idKey, name) : -1;
      if (!Array.isArray(list)) set(container, [value]);
      else if (index < 0) set([...container, list.length], value, true);
      else set([...container, index], value);
    }
  }
  return now;
}

function writeYaml(text: string, { put, remove }: Edit): string {
  const document: Document = parseDocument(text.trim() === '' ? '{}\n' : text);
  for (const path of remove) document.deleteIn(path);
  for (const { container, shape, idKey, name, value } of put) {
    const node = document.createNode(value);
    const at = document.getIn(container, true);
    if (shape === 'map') {
      if (isMap(at)) at.set(name, node);
      else document.setIn(container, document.createNode({ [name]: value }));
    } else if (isSeq(at)) {
      const index = at.items.findIndex((item) => isMap(item) && item.get(idKey) === name);
      if (index < 0) at.add(node);
      else at.set(index, node);
    } else document.setIn(container, document.createNode([value]));
  }
  // What was empty or written in one line is opened up; a block stays a block.
  if (isMap(document.contents)) document.contents.flow = false;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Whole tables alone are replaced, line by line: nothing else of the text is looked at. */
function writeToml(text: string, { put, remove }: Edit): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  let lines = text.split(/\r?\n/);
  for (const path of remove) lines = withoutTable(lines, path.map(String)).lines;
  for (const { container, name, value } of put) {
    const path = [...container, name];
    const { lines: rest, at } = withoutTable(lines, path);
    const table = tomlTable(path, value satisfies ConfigObject)
      .trimEnd()
      .split('\n');
    const place = at ?? rest.length;
    const head = rest.slice(0, place);
    while (at === undefined && head.at(-1)?.trim() === '') head.pop();
    const gap = head.length > 0 && head.at(-1)?.trim() !== '' ? [''] : [];
    const tail = rest.slice(place);
    lines = [...head, ...gap, ...table, ...(tail.length > 0 && tail[0]?.trim() !== '' ? [''] : []), ...tail];
  }
  const joined = lines.join(eol);
  return joined.endsWith(eol) ? joined : joined + eol;
}

/** Lines without a table and those below it, and where the first of them was. */
function withoutTable(lines: readonly string[], path: readonly string[]): { lines: string[]; at: number | undefined } {
  const kept: string[] = [];
  let at: number | undefined;
  let inside = false;
  for (const line of lines) {
    const header = /^\s*\[\[?(.+?)\]\]?\s*(?:#.*)?$/.exec(line)?.[1];
    if (header !== undefined) {
      const keys = headerKeys(header);
      inside = path.every((key, index) => keys[index] === key);
    }
    if (!inside) kept.push(line);
    else {
      at ??= kept.length;
      // A comment right before the next table belongs to that one.
      if (/^\s*#/.test(line)) kept.push(line);
    }
  }
  return { lines: kept, at };
}

const headerKeys = (header: string): string[] =>
  [...header.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+)/g)].map(
    ([, basic, literal, bare]) => basic ?? literal ?? bare ?? '',
  );
