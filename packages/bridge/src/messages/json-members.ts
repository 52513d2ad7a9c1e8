import { textOf, type ByteString, type Span } from './byte-string.ts';

/** Two members of one object have the same name, so that readers could disagree about its value. */
export class DuplicateMember extends Error {
  override readonly name = 'DuplicateMember';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Where the members of an object have their values. Names are compared with their escapes resolved.
 *
 * @param json text that is known to be JSON (RFC 8259); on anything else the answer means nothing
 * @param start where the object begins, white space aside
 * @param repeated what to do with a second member of one name: refuse it, or let the last one count
 * @returns undefined when what begins there is no object
 * @throws DuplicateMember
 */
export function membersOf(
  json: ByteString,
  start = 0,
  repeated: 'refused' | 'last' = 'refused',
): Map<string, Span> | undefined {
  let at = skipSpace(json, start);
  if (json[at] !== '{') return undefined;
  const members = new Map<string, Span>();
  at = skipSpace(json, at + 1);
  while (json[at] === '"') {
    const nameEnd = endOfString(json, at);
    const name = nameOf(json.slice(at, nameEnd) as ByteString);
    const valueStart = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, valueStart);
    if (repeated === 'refused' && members.has(name))
      throw new DuplicateMember('An object has two members of the same name.');
    members.set(name, { start: valueStart, end });
    at = skipSpace(json, end);
    if (json[at] === ',') at = skipSpace(json, at + 1);
  }
  return members;
}

const nameOf = (quoted: ByteString): string =>
  quoted.includes('\\') ? (JSON.parse(textOf(quoted)) as string) : textOf(quoted.slice(1, -1) as ByteString);

function skipSpace(json: string, from: number): number {
  let at = from;
  for (;;) {
    const code = json.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

function endOfString(json: string, quote: number): number {
  let at = quote + 1;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    at += code === BACKSLASH ? 2 : 1;
  }
  return json.length;
}

/** Not recursive: the depth of what peers send is theirs to choose. */
function endOfValue(json: string, start: number): number {
  let at = start;
  let depth = 0;
  while (at < json.length) {
    const char = json[at]!;
    if (char === '"') {
      at = endOfString(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && ', \t\r\n'.includes(char)) return at;
    at++;
  }
  return at;
}
