import type { DurableFiles } from './durable-files.ts';

const fullBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

/** Gathers small pieces for the end of a file, so that a write is worth its cost. Holds no memory after `flush`. */
export class AppendBuffer {
  readonly #files: DurableFiles;
  readonly #path: string;
  #at: number;
  /** What is gathered begins at byte 1: a caller may use the byte before each piece for a moment. */
  #end = 1;
  #bytes = nothing;

  /** @param at byte of the file where the next piece belongs */
  constructor(files: DurableFiles, path: string, at: number) {
    this.#files = files;
    this.#path = path;
    this.#at = at;
  }

  /** The memory a piece is written to; another one after each `reserve`. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Make room for a piece. @returns where in `bytes` it belongs @throws the file system's error */
  reserve(length: number): number {
    if (this.#end + length > fullBytes) this.#write();
    const start = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], Math.max(this.#end, Math.min(this.#end * 4, fullBytes)));
    return start;
  }

  /** Write what is gathered. @throws the file system's error */
  flush(): void {
    this.#write();
    this.#bytes = nothing;
  }

  #write(): void {
    if (this.#end === 1) return;
    this.#files.write(this.#path, this.#at, this.#bytes.subarray(1, this.#end));
    this.#at += this.#end - 1;
    this.#end = 1;
  }
}
