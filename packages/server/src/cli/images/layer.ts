import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { tarEnd, tarEntry } from './tar.ts';
import type { Tree } from './tree.ts';

/** One layer as a tar file. */
export interface Layer {
  readonly file: string;
  /** `sha256:…` of the file. */
  readonly diffId: string;
  readonly bytes: number;
  /** What is in it, for the history of the image. */
  readonly about: string;
}

/** How long a layer stays that no build uses. */
const keptMs = 24 * 60 * 60_000;

/** Part of every key: a change in how layers are made has them made anew. */
const making = digestOfFolder(import.meta.dirname);

/**
 * A layer, from the cache if it was packed before.
 * @param cache folder of layers
 * @param inputs everything its content is made from
 * @param fill called only where it must be packed
 */
export async function packLayer(
  cache: string,
  { about, inputs }: { about: string; inputs: unknown },
  fill: () => Promise<Tree>,
): Promise<Layer> {
  const key = digestOf(JSON.stringify([making, about, inputs]));
  const file = join(cache, `${about}@${key}.tar`);
  const note = join(cache, `${about}@${key}.json`);
  if (existsSync(note) && existsSync(file)) {
    const now = systemClock.now() / 1000;
    utimesSync(file, now, now);
    return { ...readNote(note), file, about };
  }
  const partial = `${file}.${process.pid}`;
  const written = writeTar(await fill(), partial);
  renameSync(partial, file);
  writeFileSync(note, JSON.stringify(written));
  removeOlder(cache, about);
  return { ...written, file, about };
}

/** SHA-256 in hex. */
export function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

function digestOfFolder(folder: string): string {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return digestOf(
    names
      .toSorted()
      .map((name) => digestOf(readFileSync(join(folder, name))))
      .join(),
  );
}

function writeTar(tree: Tree, file: string): Pick<Layer, 'diffId' | 'bytes'> {
  const hash = createHash('sha256');
  const to = openSync(file, 'w');
  let bytes = 0;
  const write = (part: Buffer): void => {
    hash.update(part);
    bytes += part.length;
    for (let at = 0; at < part.length;) at += writeSync(to, part, at);
  };
  try {
    for (const [path, node] of tree.entries()) for (const part of tarEntry(path, node)) write(part);
    write(tarEnd());
  } finally {
    closeSync(to);
  }
  return { diffId: `sha256:${hash.digest('hex')}`, bytes };
}

/** Layers of that name that no build has used for a while. */
function removeOlder(cache: string, about: string): void {
  for (const name of readdirSync(cache)) {
    const file = join(cache, name);
    if (name.startsWith(`${about}@`) && systemClock.now() - statSync(file).mtimeMs > keptMs)
      rmSync(file, { force: true });
  }
}

const readNote = (file: string): Pick<Layer, 'diffId' | 'bytes'> =>
  JSON.parse(readFileSync(file, 'utf8')) as Pick<Layer, 'diffId' | 'bytes'>;
