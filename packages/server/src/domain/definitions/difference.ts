import { visibleText } from './visible-text.ts';

/** Lines said of one definition; the rest is in the definitions themselves. */
const mostLines = 60;
/** Characters shown of one value, and of what stays the same around a change. */
const mostShown = 600;
const around = 40;

type Members = Readonly<Record<string, unknown>>;

/**
 * What a tool's definition says now that it did not say before, line by line in words that are fit to be printed
 * anywhere.
 * @param before @param after canonical JSON texts of objects
 */
export function differenceInWords(before: string, after: string): string[] {
  if (before === after) return [];
  const [old, now] = [JSON.parse(before) as Members, JSON.parse(after) as Members];
  const lines = keysOf(old, now).flatMap((key) =>
    key === 'inputSchema' || key === 'outputSchema'
      ? schemaChanges({ schema: key, path: '' }, own(old, key), own(now, key))
      : changes(visibleText(key), own(old, key), own(now, key)),
  );
  if (lines.length === 0) return ['changed in the order of entries or the digits of a number; compare the definitions'];
  return lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more changes`];
}

/** The order in which a reader asks. */
const first = ['description', 'title', 'inputSchema', 'annotations', 'outputSchema'];

function keysOf(before: Members, after: Members): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...first.filter((key) => keys.delete(key)), ...keys];
}

/** Where in which schema. */
interface Place {
  readonly schema: 'inputSchema' | 'outputSchema';
  /** Names of properties from the top down, joined; empty at the top. */
  readonly path: string;
}

function schemaChanges(place: Place, before: unknown, after: unknown): string[] {
  if (!isObject(before) || !isObject(after)) return changes(nameOf(place), before, after);
  return keysOf(before, after).flatMap((key) => {
    const [old, now] = [own(before, key), own(after, key)];
    if (key === 'properties' && isProperties(old) && isProperties(now)) {
      return propertyChanges(place, old ?? {}, now ?? {}, requiredOf(after));
    }
    if (key === 'required' && isNames(old) && isNames(now)) {
      return requiredChanges(
        place,
        old ?? [],
        now ?? [],
        differentMembers(own(before, 'properties'), own(after, 'properties')),
      );
    }
    if (key === 'items') return schemaChanges({ ...place, path: `${place.path}[]` }, old, now);
    return changes(`${nameOf(place)} ${visibleText(key)}`, old, now);
  });
}

function propertyChanges(place: Place, before: Members, after: Members, required: ReadonlySet<string>): string[] {
  return keysOf(before, after).flatMap((key) => {
    const inner = { ...place, path: `${place.path}${place.path === '' ? '' : '.'}${visibleText(key)}` };
    if (!Object.hasOwn(after, key)) return [`${nameOf(inner)} removed`];
    if (Object.hasOwn(before, key)) return schemaChanges(inner, before[key], after[key]);
    return [`new ${required.has(key) ? 'required ' : ''}${nameOf(inner)}: ${shown(after[key])}`];
  });
}

/** @param said names of properties that are new or gone, of which enough is said */
function requiredChanges(
  place: Place,
  before: readonly string[],
  after: readonly string[],
  said: ReadonlySet<string>,
): string[] {
  const at = (name: string): string =>
    nameOf({ ...place, path: `${place.path}${place.path === '' ? '' : '.'}${visibleText(name)}` });
  return [
    ...after.filter((name) => !before.includes(name) && !said.has(name)).map((name) => `${at(name)} is required now`),
    ...before
      .filter((name) => !after.includes(name) && !said.has(name))
      .map((name) => `${at(name)} is no longer required`),
  ];
}

const nameOf = ({ schema, path }: Place): string =>
  path === '' ? schema : `${schema === 'inputSchema' ? 'argument' : 'result field'} \`${path}\``;

/** Any other value: member by member, and in lists of equal length entry by entry. */
function changes(name: string, before: unknown, after: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (before === undefined) return [`${name} added: ${shown(after)}`];
  if (after === undefined) return [`${name} removed (was ${shown(before)})`];
  if (isObject(before) && isObject(after)) {
    return keysOf(before, after).flatMap((key) => {
      const [old, now] = [own(before, key), own(after, key)];
      return old === undefined && isPlain(now)
        ? [`${name}.${visibleText(key)} not set → ${shown(now)}`]
        : changes(`${name}.${visibleText(key)}`, old, now);
    });
  }
  if (typeof before === 'string' && typeof after === 'string') {
    const [old, now] = excerpts(before, after);
    return [`${name} changed: ${old} → ${now}`];
  }
  return [`${name} ${shown(before)} → ${shown(after)}`];
}

/** Both texts where they differ, with some of what stays the same around it. */
function excerpts(before: string, after: string): [string, string] {
  const [old, now] = [Array.from(before), Array.from(after)];
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start++;
  let end = 0;
  while (end < shorter - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  const from = Math.max(0, start - around);
  const excerpt = (chars: readonly string[]): string => {
    const to = Math.min(chars.length, chars.length - end + around);
    const cut = chars.slice(from, to).join('');
    return `${from > 0 ? '…' : ''}${quoted(cut)}${to < chars.length ? '…' : ''}`;
  };
  return [excerpt(old), excerpt(now)];
}

const quoted = (text: string): string => {
  const chars = Array.from(text);
  const rest = chars.length - mostShown;
  const cut = rest > 0 ? chars.slice(0, mostShown).join('') : text;
  return `"${visibleText(cut)}"${rest > 0 ? ` and ${rest} more characters` : ''}`;
};

/** A value as text; strings in quotes, the rest as JSON. */
function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  const text = visibleText(JSON.stringify(value));
  return text.length <= mostShown
    ? text
    : `${text.slice(0, mostShown)}… and ${text.length - mostShown} more characters`;
}

const own = (object: Members, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isProperties = (value: unknown): value is Members | undefined => value === undefined || isObject(value);
const isNames = (value: unknown): value is readonly string[] | undefined =>
  value === undefined || (Array.isArray(value) && value.every((name) => typeof name === 'string'));
const isPlain = (value: unknown): boolean => typeof value !== 'object';
const requiredOf = (schema: Members): ReadonlySet<string> => {
  const names = own(schema, 'required');
  return new Set(isNames(names) ? names : []);
};
const differentMembers = (before: unknown, after: unknown): ReadonlySet<string> => {
  const [old, now] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  return new Set(keysOf(old, now).filter((key) => !Object.hasOwn(old, key) || !Object.hasOwn(now, key)));
};
