import { hash } from 'node:crypto';

/** What the first record ever is chained to. */
export const genesis = '0'.repeat(64);

const opening = ',"hash":"';
const closing = '"}';
const sealLength = opening.length + 64 + closing.length;

/**
 * A record's digest: SHA-256 of the digest before it and its own text, so that no line can be changed, removed or
 * moved without every later line disagreeing.
 * @param chained the digest before, directly followed by the line up to its last field, without the closing brace
 * @returns lower-case hex
 */
export const chainHash = (chained: string): string => hash('sha256', chained, 'hex');

/**
 * The finished line with its newline.
 * @param chained what was hashed; by now it is one piece in memory, so the line is taken from it and not joined anew
 */
export const sealedLine = (chained: string, digest: string): string =>
  `${chained.slice(64)}${opening}${digest}${closing}\n`;

/** What can be read from a line before trusting it. */
export interface LineParts {
  readonly body: string;
  readonly hash: string;
  readonly node: string;
  readonly epoch: number;
  readonly seq: number;
  /** Digest the record says it follows; only the first line of a segment says so. */
  readonly prev: string | undefined;
}

const header = /^\{"v":1,"node":"([\w.-]{1,64})","epoch":(\d{1,10}),"seq":(\d{1,15}),(?:"prev":"([0-9a-f]{64})",)?/;

/** The beginning of every line; the reverse of what `splitLine` reads. */
export const lineStart = (node: string, epoch: number): string => `{"v":1,"node":"${node}","epoch":${epoch},"seq":`;

/** @returns undefined when the text does not have the form of a line */
export function splitLine(line: string): LineParts | undefined {
  const at = line.length - sealLength;
  if (at <= 0 || !line.startsWith(opening, at) || !line.endsWith(closing)) return undefined;
  const digest = line.slice(at + opening.length, -closing.length);
  const head = header.exec(line);
  if (head === null) return undefined;
  return {
    body: line.slice(0, at),
    hash: digest,
    node: head[1]!,
    epoch: Number(head[2]),
    seq: Number(head[3]),
    prev: head[4],
  };
}

/** What the signature of a gap or epoch record covers: the record's own fields, bound to the run they belong to. */
export const signedText = (node: string, epoch: number, fields: string): string => `${node} ${epoch} ${fields}`;
