import { isAscii, isUtf8 } from 'node:buffer';

/**
 * A strict, bounded, non-allocating-where-possible JSON scanner (RFC 8259) over bytes.
 *
 * It exists so that a message can be checked once and then forwarded as the very bytes that were checked: numbers
 * keep their text, unknown members stay, and only the spans that must change are replaced. Splicing is safe because
 * duplicate keys are refused and the nesting is known. Nothing is turned into JavaScript objects, so `__proto__` is
 * a key like any other.
 */
export interface ScanLimits {
  /** Deepest nesting; the outermost value has depth 1. */
  readonly maxDepth: number;
  /** Values in all: members, elements and the root. */
  readonly maxElements: number;
  /** Members of one object. */
  readonly maxKeys: number;
  /** Values down to this depth are returned as nodes; deeper ones are only checked. */
  readonly nodeDepth: number;
  /** Refuse duplicate keys, NUL and lone surrogates (messages we authorise); false only for upstream answers. */
  readonly strict: boolean;
}

export interface JsonNode {
  readonly kind: 'object' | 'array' | 'string' | 'number' | 'literal';
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte. */
  end: number;
  /** Decoded member names of an object, in order; empty otherwise. */
  readonly keys: string[];
  /** Member values or elements, in order; empty below `nodeDepth`. */
  readonly children: JsonNode[];
}

export type JsonFault = 'malformed' | 'not_utf8' | 'too_deep' | 'too_many' | 'duplicate_key' | 'bad_text';

/** Why bytes were refused. The message is safe to show: it names an offset, never content. */
export class JsonRejected extends Error {
  override readonly name = 'JsonRejected';
  readonly fault: JsonFault;

  constructor(fault: JsonFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LONG_STRING = 96;
const SHORT = 4096;

const NONE: never[] = [];

// One scan runs to its end before another begins, so its state can live in the module.
let bytes: Buffer;
let at = 0;
let length = 0;
let elements = 0;
let limits: ScanLimits;
let nextBackslash = -2;
let escaped = false;
/** The whole input as a string where that is cheap: ASCII and short. Texts are then cut from it. */
let plainText: string | undefined;

/**
 * Check that `input` is exactly one JSON text within the limits.
 * @returns the outermost value
 * @throws JsonRejected
 */
export function scanJson(input: Buffer, within: ScanLimits): JsonNode {
  const ascii = input.length <= SHORT && isAscii(input);
  if (!ascii && !isUtf8(input)) throw new JsonRejected('not_utf8', 'The text is not UTF-8.');
  bytes = input;
  length = input.length;
  at = 0;
  elements = 0;
  limits = within;
  nextBackslash = -2;
  plainText = ascii ? input.toString('latin1') : undefined;
  skipSpace();
  const node = value(1);
  skipSpace();
  if (at !== length) throw malformed();
  return node!;
}

/** The value of a member, or undefined. */
export function member(node: JsonNode | undefined, key: string): JsonNode | undefined {
  if (node === undefined || node.kind !== 'object') return undefined;
  const index = node.keys.indexOf(key);
  return index < 0 ? undefined : node.children[index];
}

/** The source text of a value, as it stands. */
export const sourceText = (input: Buffer, node: JsonNode): string => textOf(input, node.start, node.end);

/** Nearly always the text is of what was scanned last, and then it need not be decoded again. */
const textOf = (input: Buffer, start: number, end: number): string =>
  input === bytes && plainText !== undefined ? plainText.slice(start, end) : input.toString('utf8', start, end);

/** The value of a string node, escapes resolved; undefined for any other kind. */
export function stringValue(input: Buffer, node: JsonNode | undefined): string | undefined {
  if (node === undefined || node.kind !== 'string') return undefined;
  const text = textOf(input, node.start + 1, node.end - 1);
  return text.includes('\\') ? unescaped(text) : text;
}

/** @returns undefined for what only an unchecked long run of an answer can hold: a raw control character */
function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}

function value(depth: number): JsonNode | undefined {
  if (depth > limits.maxDepth) throw new JsonRejected('too_deep', `Nested deeper than ${limits.maxDepth} levels.`);
  if (++elements > limits.maxElements) {
    throw new JsonRejected('too_many', `More than ${limits.maxElements} values.`);
  }
  const keep = depth <= limits.nodeDepth;
  const start = at;
  const byte = bytes[at];
  if (byte === QUOTE) {
    string();
    return keep ? leaf('string', start) : undefined;
  }
  if (byte === OPEN_BRACE) return object(depth, keep);
  if (byte === OPEN_BRACKET) return array(depth, keep);
  if (byte === 0x2d || (byte! >= 0x30 && byte! <= 0x39)) {
    number();
    return keep ? leaf('number', start) : undefined;
  }
  literal(byte);
  return keep ? leaf('literal', start) : undefined;
}

const leaf = (kind: JsonNode['kind'], start: number): JsonNode => ({
  kind,
  start,
  end: at,
  keys: NONE,
  children: NONE,
});

function object(depth: number, keep: boolean): JsonNode | undefined {
  const node: JsonNode | undefined = keep ? { kind: 'object', start: at, end: 0, keys: [], children: [] } : undefined;
  // Keys are needed to return them or to refuse a second one of the same name.
  const keys: string[] | undefined = node?.keys ?? (limits.strict ? [] : undefined);
  const keepChildren = depth < limits.nodeDepth;
  let seen: Set<string> | undefined;
  let count = 0;
  at++;
  skipSpace();
  if (bytes[at] === CLOSE_BRACE) at++;
  else {
    for (;;) {
      if (bytes[at] !== QUOTE) throw malformed();
      if (++count > limits.maxKeys) {
        throw new JsonRejected('too_many', `An object has more than ${limits.maxKeys} members.`);
      }
      const start = at + 1;
      string();
      if (keys !== undefined) {
        const key = decodeKey(start, at - 1);
        if (limits.strict) {
          if (seen === undefined && count > 8) seen = new Set(keys);
          if (seen === undefined ? keys.includes(key) : seen.has(key)) {
            throw new JsonRejected('duplicate_key', `The member at offset ${start} repeats an earlier name.`);
          }
          seen?.add(key);
        }
        keys.push(key);
      }
      skipSpace();
      if (bytes[at] !== COLON) throw malformed();
      at++;
      skipSpace();
      const child = value(depth + 1);
      if (keepChildren) node!.children.push(child!);
      skipSpace();
      const byte = bytes[at++];
      if (byte === CLOSE_BRACE) break;
      if (byte !== COMMA) throw malformed(at - 1);
      skipSpace();
    }
  }
  if (node !== undefined) node.end = at;
  return node;
}

function array(depth: number, keep: boolean): JsonNode | undefined {
  const node: JsonNode | undefined = keep ? { kind: 'array', start: at, end: 0, keys: NONE, children: [] } : undefined;
  const keepChildren = depth < limits.nodeDepth;
  at++;
  skipSpace();
  if (bytes[at] === CLOSE_BRACKET) at++;
  else {
    for (;;) {
      const child = value(depth + 1);
      if (keepChildren) node!.children.push(child!);
      skipSpace();
      const byte = bytes[at++];
      if (byte === CLOSE_BRACKET) break;
      if (byte !== COMMA) throw malformed(at - 1);
      skipSpace();
    }
  }
  if (node !== undefined) node.end = at;
  return node;
}

/** Leaves `at` after the closing quote and `escaped` saying whether an escape was seen. */
function string(): void {
  const input = bytes;
  const end = length;
  const patient = limits.strict ? Infinity : LONG_STRING;
  escaped = false;
  let i = at + 1;
  let run = i;
  while (i < end) {
    const byte = input[i]!;
    if (byte === QUOTE) {
      at = i + 1;
      return;
    }
    if (byte === BACKSLASH) {
      at = i;
      escape();
      i = run = at;
      continue;
    }
    if (byte < 0x20) throw new JsonRejected('malformed', `A control character stands unescaped at offset ${i}.`);
    i = i - run < patient ? i + 1 : endOfRun(i);
  }
  throw malformed(end);
}

/**
 * Deep inside a long plain run of an upstream answer, let native code find its end: the next quote or backslash.
 * A raw control character in such a run goes unnoticed here; the client's own parser would refuse it.
 */
function endOfRun(from: number): number {
  const quote = bytes.indexOf(QUOTE, from);
  if (quote < 0) throw malformed(length);
  if (nextBackslash !== -1 && nextBackslash < from) nextBackslash = bytes.indexOf(BACKSLASH, from);
  return nextBackslash === -1 || nextBackslash > quote ? quote : nextBackslash;
}

function escape(): void {
  escaped = true;
  const code = bytes[at + 1];
  if (code !== 0x75) {
    // " \ / b f n r t
    if (
      !(
        code === QUOTE ||
        code === BACKSLASH ||
        code === 0x2f ||
        code === 0x62 ||
        code === 0x66 ||
        code === 0x6e ||
        code === 0x72 ||
        code === 0x74
      )
    ) {
      throw malformed();
    }
    at += 2;
    return;
  }
  const unit = hex4(at + 2);
  at += 6;
  if (!limits.strict) return;
  if (unit === 0) throw new JsonRejected('bad_text', `NUL at offset ${at - 6}.`);
  if (unit >= 0xdc00 && unit <= 0xdfff) throw loneSurrogate();
  if (unit >= 0xd800 && unit <= 0xdbff) {
    const low = bytes[at] === BACKSLASH && bytes[at + 1] === 0x75 ? hex4(at + 2) : 0;
    if (low < 0xdc00 || low > 0xdfff) throw loneSurrogate();
    at += 6;
  }
}

function hex4(from: number): number {
  let unit = 0;
  for (let i = from; i < from + 4; i++) {
    const byte = bytes[i];
    if (byte === undefined) throw malformed(i);
    const digit =
      byte >= 0x30 && byte <= 0x39
        ? byte - 0x30
        : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
          ? (byte | 0x20) - 0x57
          : -1;
    if (digit < 0) throw malformed(i);
    unit = unit * 16 + digit;
  }
  return unit;
}

function number(): void {
  if (bytes[at] === 0x2d) at++;
  if (bytes[at] === 0x30) at++;
  else digits();
  if (bytes[at] === 0x2e) {
    at++;
    digits();
  }
  if ((bytes[at]! | 0x20) === 0x65) {
    at++;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
    digits();
  }
}

function digits(): void {
  const from = at;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  if (at === from) throw malformed();
}

function literal(byte: number | undefined): void {
  const word = byte === 0x74 ? 'true' : byte === 0x66 ? 'false' : byte === 0x6e ? 'null' : undefined;
  if (word === undefined || bytes.toString('latin1', at, at + word.length) !== word) throw malformed();
  at += word.length;
}

function skipSpace(): void {
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    at++;
  }
}

function decodeKey(start: number, end: number): string {
  const text = textOf(bytes, start, end);
  const key = escaped ? unescaped(text) : text;
  if (key === undefined) throw malformed(start);
  return key;
}

const malformed = (offset = at): JsonRejected => new JsonRejected('malformed', `Not JSON at offset ${offset}.`);
const loneSurrogate = (): JsonRejected => new JsonRejected('bad_text', `A lone surrogate at offset ${at}.`);
