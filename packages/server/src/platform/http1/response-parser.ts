import { GrowingBuffer } from '../growing-buffer.ts';
import { HttpProtocolError } from './protocol-error.ts';
import { notHttp, type BodyForm, type Heads } from './response-head.ts';
import type { ResponseHeaders } from './response-headers.ts';

/** Told what a response consists of, in order: `onHead`, any number of `onData`, `onEnd`. */
export interface ResponseSink {
  onHead(status: number, headers: ResponseHeaders): void;
  /** @param chunk to be copied: the bytes are others' after the call */
  onData(chunk: Buffer): void;
  /** @param reusable whether another request may be sent on the connection */
  onEnd(reusable: boolean): void;
}

const maxHeadBytes = 16 * 1024;
const maxLineBytes = 1024;
const maxTrailerLines = 64;
/** Interim responses (1xx) before the one that counts. */
const maxInterim = 8;

const headEnd = '\r\n\r\n';
const bareLineFeed = /[^\r]\n/;
const lineForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const chunkForm = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;.*)?$/;

/**
 * Where in the response the next byte stands. `length` and `chunk`: bytes of the body are to come, as many as `left`
 * says; `until-close`: the body ends with the connection.
 */
type State = BodyForm | 'head' | 'chunk' | 'chunk-end' | 'trailer';

/**
 * Reads one response to a POST, GET or DELETE from the bytes of a connection, strictly: where two readers could disagree on
 * where a message ends, this one refuses it (RFC 9112 6.3, 11.2), because the next answer would then be another
 * caller's.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  readonly #heads: Heads;
  #state: State = 'head';
  #reusable = true;
  #left = 0;
  /** The header section as far as it has come. */
  #held: GrowingBuffer | undefined;
  #line = '';
  #interim = 0;
  #trailerLines = 0;

  /** @param heads of the server that answers */
  constructor(sink: ResponseSink, heads: Heads) {
    this.#sink = sink;
    this.#heads = heads;
  }

  /**
   * Take the next bytes. None of them are kept.
   * @throws HttpProtocolError
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'head') at = this.#readHead(chunk, at);
      else if (this.#state === 'length' || this.#state === 'chunk') at = this.#readCounted(chunk, at);
      else if (this.#state === 'until-close') {
        this.#sink.onData(at === 0 ? chunk : chunk.subarray(at));
        return;
      } else if (this.#state === 'done') throw new HttpProtocolError('bytes after the end of the response');
      else at = this.#readLine(chunk, at);
    }
    if (this.#state === 'done') this.#sink.onEnd(this.#reusable);
  }

  /**
   * The peer has closed its side.
   * @returns whether that ended the response as it should
   */
  close(): boolean {
    if (this.#state !== 'until-close') return false;
    this.#state = 'done';
    this.#sink.onEnd(false);
    return true;
  }

  #readHead(chunk: Buffer, from: number): number {
    if (this.#held === undefined) {
      const end = chunk.indexOf(headEnd, from, 'latin1');
      if (end >= 0 && end - from <= maxHeadBytes) {
        this.#begin(chunk.toString('latin1', from, end));
        return end + headEnd.length;
      }
    }
    this.#held ??= new GrowingBuffer();
    const held = this.#held.length;
    this.#held.push(chunk.subarray(from, from + maxHeadBytes + headEnd.length));
    const begun = this.#held.view();
    // Only what is new need be looked at, and the end of the old where the two meet.
    const end = begun.indexOf(headEnd, Math.max(0, held - headEnd.length), 'latin1');
    if ((end < 0 ? begun.length : end) > maxHeadBytes) throw new HttpProtocolError('the header section is too large');
    if (end < 0) {
      // What can no longer become a response would be waited for until the deadline.
      const strange = !'HTTP/1.'.startsWith(begun.toString('latin1', 0, 7));
      if (strange || bareLineFeed.test(begun.toString('latin1', Math.max(0, held - 1)))) throw notHttp();
      return chunk.length;
    }
    this.#held = undefined;
    this.#begin(begun.toString('latin1', 0, end));
    return from + end + headEnd.length - held;
  }

  #begin(text: string): void {
    const { status, headers, body, length, reusable } = this.#heads.read(text);
    if (status < 200) {
      if (++this.#interim > maxInterim) throw new HttpProtocolError('interim responses without end');
      return;
    }
    this.#state = body;
    this.#left = length;
    this.#reusable = reusable;
    this.#sink.onHead(status, headers);
  }

  #readCounted(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#left);
    this.#left -= end - from;
    if (this.#left === 0) this.#state = this.#state === 'length' ? 'done' : 'chunk-end';
    this.#sink.onData(from === 0 && end === chunk.length ? chunk : chunk.subarray(from, end));
    return end;
  }

  /** Lines between and after chunks. */
  #readLine(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(0x0a, from);
    const end = newline < 0 ? chunk.length : newline + 1;
    this.#line += chunk.toString('latin1', from, end);
    if (this.#line.length > maxLineBytes) throw new HttpProtocolError('a line between chunks is too long');
    if (newline < 0) return end;
    const line = this.#line.slice(0, -2);
    if (!this.#line.endsWith('\r\n') || !lineForm.test(line)) throw new HttpProtocolError('a chunk is out of form');
    this.#line = '';
    if (this.#state === 'chunk-end') {
      if (line !== '') throw new HttpProtocolError('a chunk is longer than it said');
      this.#state = 'chunk-size';
    } else if (this.#state === 'chunk-size') {
      const size = chunkForm.exec(line)?.[1];
      if (size === undefined) throw new HttpProtocolError('a chunk size that is no number');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
    } else if (line === '') this.#state = 'done';
    else if (++this.#trailerLines > maxTrailerLines) throw new HttpProtocolError('trailers without end');
    return end;
  }
}
