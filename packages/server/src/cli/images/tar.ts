import type { Node } from './tree.ts';

const block = 512;

/**
 * One entry of a POSIX tar archive (IEEE 1003.1, ustar; a pax header where a name is long or not ASCII), as parts of
 * the file. Times are 0, so that the same contents give the same bytes.
 */
export function* tarEntry(path: string, node: Node): Generator<Buffer> {
  const name = node.kind === 'folder' ? `${path}/` : path;
  const target = node.kind === 'link' ? node.target : '';
  const records = [paxRecord('path', name), paxRecord('linkpath', target)].filter((record) => record !== '');
  if (records.length > 0) {
    const body = Buffer.from(records.join(''));
    yield header({ name: 'pax', type: 'x', size: body.length });
    yield* padded(body);
  }
  if (node.kind === 'file') {
    yield header({ name, type: '0', size: node.size, mode: node.executable ? 0o755 : 0o644 });
    const body = node.read();
    if (body.length !== node.size) throw new Error(`${path} has changed while it was packed.`);
    yield* padded(body);
  } else if (node.kind === 'link') yield header({ name, type: '2', target, mode: 0o777 });
  else yield header({ name, type: '5', mode: node.mode });
}

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block);

/** The header of a file whose content follows, and what fills its last block up. */
export const tarFile = (name: string, size: number): { head: Buffer; tail: Buffer } => ({
  head: header({ name, type: '0', size, mode: 0o644 }),
  tail: Buffer.alloc((block - (size % block)) % block),
});

function* padded(body: Buffer): Generator<Buffer> {
  yield body;
  const rest = body.length % block;
  if (rest > 0) yield Buffer.alloc(block - rest);
}

/** @returns a pax record, whose length counts itself; empty where the plain header has room */
function paxRecord(key: string, value: string): string {
  if (/^[\x20-\x7e]{0,100}$/.test(value)) return '';
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

interface Header {
  readonly name: string;
  readonly type: '0' | '2' | '5' | 'x';
  readonly size?: number;
  readonly mode?: number;
  readonly target?: string;
}

function header({ name, type, size = 0, mode = 0o644, target = '' }: Header): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number): void => {
    bytes.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  };
  bytes.write(name, 0, 100, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.write(' '.repeat(8), 148, 'latin1');
  bytes.write(type, 156, 'latin1');
  bytes.write(target, 157, 100, 'latin1');
  bytes.write('ustar\u000000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
