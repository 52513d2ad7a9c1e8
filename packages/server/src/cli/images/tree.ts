import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Mode of folders nobody but root writes to. */
const ordinary = 0o755;

/** One thing in a layer; root owns it. */
export type Node =
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'file'; readonly size: number; readonly executable: boolean; read(): Buffer };

/**
 * The files of a layer by path, without a leading slash. Times, owners and special bits of where they came from are
 * left behind: the same contents give the same layer, and nothing in it is setuid.
 */
export class Tree {
  readonly #nodes = new Map<string, Node>();

  /** Every path with what is there, parents before their children. */
  entries(): [path: string, node: Node][] {
    return [...this.#nodes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  folder(path: string, { mode }: { mode: number } = { mode: ordinary }): this {
    this.#put(path, { kind: 'folder', mode });
    return this;
  }

  text(path: string, text: string): this {
    const bytes = Buffer.from(text);
    this.#put(path, { kind: 'file', size: bytes.length, executable: false, read: () => bytes });
    return this;
  }

  link(path: string, target: string): this {
    this.#put(path, { kind: 'link', target });
    return this;
  }

  /**
   * Everything below a folder of this machine.
   * @param wanted whether to take a path of the layer; a folder that is not taken is not looked into
   * @param place where a path belongs in the layer
   */
  copy(
    from: string,
    to: string,
    wanted: (path: string) => boolean = () => true,
    place: (path: string) => string = (path) => path,
  ): this {
    for (const item of readdirSync(from, { withFileTypes: true })) {
      const source = join(from, item.name);
      const path = place(to === '' ? item.name : `${to}/${item.name}`);
      if (!wanted(path)) continue;
      if (item.isDirectory()) {
        if (!this.#nodes.has(path)) this.folder(path);
        this.copy(source, path, wanted, place);
      } else if (item.isSymbolicLink()) this.link(path, readlinkSync(source));
      else if (item.isFile()) this.file(path, source);
    }
    return this;
  }

  file(path: string, source: string): this {
    const { size, mode } = statSync(source);
    const executable = (mode & 0o111) !== 0;
    this.#put(path, { kind: 'file', size, executable, read: () => readFileSync(source) });
    return this;
  }

  #put(path: string, node: Node): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (parent !== '' && !this.#nodes.has(parent)) this.#put(parent, { kind: 'folder', mode: ordinary });
    this.#nodes.set(path, node);
  }
}
