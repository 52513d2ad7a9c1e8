import { hash } from 'node:crypto';

/** What the first record ever is chained to. */
export const genesis = '0'.repeat(64);

const opening = ',"hash":"';
const closing = '"}';
const sealLength = opening.length + 64 + closing.length;
const lineEnd = `${closing}\n`;
const openingBytes = Buffer.from(opening);
const lineEndBytes = Buffer.from(lineEnd);
/** What stands between the start of a digest and the next line. */
export const linkBytes = 64 + lineEnd.length;

/**
 * A record's digest: SHA-256 over the digest before it, the end of that line, and its own line up to the digest, so
 * that no line can be changed, removed or moved without every later line disagreeing. Within a segment these are the
 * bytes of the file from digest to digest.
 * @param before digest of the record before, lower-case hex
 * @param body the line up to its own digest
 * @param version form of the line; in form 1 the end of the line before was left out
 * @returns lower-case hex
 */
export const chainHash = (before: string, body: string, version: number): string =>
  hash('sha256', Buffer.from(before + (version === 1 ? '' : lineEnd) + body, 'latin1'), 'hex');

/**
 * The same of a record of form 2 that lies in memory as in its file, right behind the one before.
 * @param at where its line starts
 */
export const chainHashInPlace = (bytes: Buffer, at: number, bodyLength: number): string =>
  hash('sha256', bytes.subarray(at - linkBytes, at + bodyLength), 'hex');

/** Puts ASCII of many pieces in place in half the time of `Buffer.write`, which joins the pieces first. */
const encoder = new TextEncoder();

/** Composes the lines of a group of records in one piece of memory, each digest taken from the bytes as they stand. */
export class LineComposer {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #hashFrom = 0;
  #end = 0;

  /** Begin a group after the record with this digest. */
  begin(before: string): void {
    this.#hashFrom = 0;
    this.#end = this.#bytes.write(before + lineEnd, 0, 'latin1');
  }

  /**
   * Add a record.
   * @param body ASCII
   * @returns its digest
   */
  add(body: string): string {
    const need = this.#end + body.length + sealLength + 1;
    if (need > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(need * 2);
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    const { written } = encoder.encodeInto(body, this.#bytes.subarray(this.#end));
    // Whatever else it may be, a record is as many bytes as characters, and one odd character must not stop the rest.
    if (written !== body.length) this.#bytes.write(body, this.#end, 'latin1');
    this.#end += body.length;
    const digest = hash('sha256', this.#bytes.subarray(this.#hashFrom, this.#end), 'hex');
    this.#bytes.set(openingBytes, this.#end);
    this.#bytes.write(digest, this.#end + opening.length, 'latin1');
    this.#bytes.set(lineEndBytes, this.#end + opening.length + 64);
    this.#end += sealLength + 1;
    this.#hashFrom = this.#end - linkBytes;
    return digest;
  }

  /** The lines of the group; valid until the next begins. */
  lines(): Buffer {
    return this.#bytes.subarray(linkBytes, this.#end);
  }
}

/** What can be read from a line before trusting it. */
export interface LineParts {
  readonly body: string;
  readonly hash: string;
  /** Form of the line. */
  readonly version: number;
  readonly node: string;
  readonly epoch: number;
  readonly seq: number;
  /** Digest the record says it follows; only the first line of a segment says so. */
  readonly prev: string | undefined;
}

const header =
  /^\{"v":([12]),"node":"([\w.-]{1,64})","epoch":(\d{1,10}),"seq":(\d{1,15}),(?:"prev":"([0-9a-f]{64})",)?/;

/** The beginning of every line; the reverse of what `splitLine` reads. */
export const lineStart = (node: string, epoch: number): string => `{"v":2,"node":"${node}","epoch":${epoch},"seq":`;

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
    version: Number(head[1]),
    node: head[2]!,
    epoch: Number(head[3]),
    seq: Number(head[4]),
    prev: head[5],
  };
}

/** What the signature of a gap or epoch record covers: the record's own fields, bound to the run they belong to. */
export const signedText = (node: string, epoch: number, fields: string): string => `${node} ${epoch} ${fields}`;
