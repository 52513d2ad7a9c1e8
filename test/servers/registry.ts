import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface Registry extends Disposable {
  /** Name and digest of the one image it has. */
  readonly image: { readonly name: string; readonly digest: string };
  /** Paths asked for, in order. */
  readonly asked: readonly string[];
}

const types = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};
const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry with one small image, on a free loopback port, which engines allow to be without TLS. */
export async function startRegistry(repository: string, config: object): Promise<Registry> {
  // Two empty blocks are an empty archive; the comment makes the image another one each time.
  const archive = Buffer.alloc(1024);
  const layer = gzipSync(archive);
  const about = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [sha256(archive)] }, config };
  const settings = Buffer.from(JSON.stringify({ ...about, comment: repository }));
  const part = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: sha256(bytes) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: part(types.config, settings),
      layers: [part(types.layer, layer)],
    }),
  );
  const files = new Map<string, readonly [type: string, bytes: Buffer]>([
    ['/v2/', ['application/json', Buffer.from('{}')]],
    [`/v2/${repository}/manifests/${sha256(manifest)}`, [types.manifest, manifest]],
    [`/v2/${repository}/blobs/${sha256(settings)}`, ['application/octet-stream', settings]],
    [`/v2/${repository}/blobs/${sha256(layer)}`, ['application/octet-stream', layer]],
  ]);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const file = files.get(request.url ?? '');
    if (file === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
      return;
    }
    const [type, bytes] = file;
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    image: { name: `127.0.0.1:${port}/${repository}`, digest: sha256(manifest) },
    asked,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
