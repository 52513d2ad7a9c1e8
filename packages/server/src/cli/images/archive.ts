import { createReadStream, createWriteStream, renameSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Image } from './image.ts';
import { tarEnd, tarFile } from './tar.ts';

/**
 * Images as one archive for `docker load`, `podman load` or `skopeo`, each layer in it once.
 * @param prefix goes before the name of each image
 */
export async function* archiveOf(images: readonly Image[], prefix: string): AsyncGenerator<Buffer> {
  const layers = new Map(images.flatMap(({ layers: all }) => all.map((layer) => [layer.diffId, layer] as const)));
  const layerName = (diffId: string): string => `${diffId.slice('sha256:'.length)}.tar`;
  for (const { diffId, file, bytes } of layers.values()) {
    const { head, tail } = tarFile(layerName(diffId), bytes);
    yield head;
    for await (const part of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>)
      yield part;
    yield tail;
  }
  const configs = images.map(({ digest, config }) => [`${digest.slice('sha256:'.length)}.json`, config] as const);
  const manifest = images.map(({ name, layers: all }, index) => ({
    Config: configs[index]?.[0],
    RepoTags: [prefix + name],
    Layers: all.map(({ diffId }) => layerName(diffId)),
  }));
  for (const [name, body] of [...configs, ['manifest.json', Buffer.from(JSON.stringify(manifest))] as const]) {
    const { head, tail } = tarFile(name, body.length);
    yield Buffer.concat([head, body, tail]);
  }
  yield tarEnd();
}

/** Write an archive; the file has its name once it is whole. */
export async function writeArchive(archive: AsyncIterable<Buffer>, file: string): Promise<void> {
  const partial = `${file}.partial`;
  await pipeline(Readable.from(archive), createWriteStream(partial));
  renameSync(partial, file);
}
