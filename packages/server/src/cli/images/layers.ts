import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { bridgeProgram } from './bridge-program.ts';
import type { DebianArchive, DebianPackage } from './debian.ts';
import { digestOf, packLayer, type Layer } from './layer.ts';
import type { Npm } from './npm.ts';
import { bridgeUid, debian, pinnedNode, recipeOf } from './recipes.ts';
import { composeSbom } from './sbom.ts';
import { Tree } from './tree.ts';

/** What layers are made from and where they are kept. */
export interface Workshop {
  readonly cache: string;
  readonly archive: DebianArchive;
  readonly npm: Npm;
  readonly arch: 'x64' | 'arm64';
  /** `packages/bridge`. */
  readonly bridge: string;
  /** `packages/server/hosted`. */
  readonly recipes: string;
}

/** A layer of Debian packages, with their names for bills of materials. */
export interface SystemLayer {
  readonly layer: Layer;
  readonly packages: readonly DebianPackage[];
}

/** A folder in memory takes the mode of what it is mounted on. */
const forAll = 0o1777;
const users = `root:x:0:0:root:/:/sbin/nologin\nbridge:x:${bridgeUid}:${bridgeUid}:bridge:/tmp:/sbin/nologin\n`;
const groups = `root:x:0:\nbridge:x:${bridgeUid}:\n`;

/** What all images have in common: the C library, certificates, Node, the bridge. */
export async function baseLayer(workshop: Workshop): Promise<SystemLayer> {
  const { archive, bridge, cache, npm, arch } = workshop;
  const wanted: readonly string[] = debian.base;
  const all = await archive.fetch(wanted);
  const packages = all.filter(({ name }) => wanted.includes(name));
  const tree = bridgeProgram(bridge, 'opt/bridge');
  const inputs = { node: pinnedNode, packages: packages.map(nameOf), bridge: digestOfTree(tree), users };
  const layer = await packLayer(join(cache, 'layers'), { about: 'base', inputs }, async () => {
    for (const path of ['bin', 'sbin', 'lib', 'lib64']) tree.folder(`usr/${path}`).link(path, `usr/${path}`);
    for (const item of packages) await archive.unpack(item, tree);
    const node = await npm.installNode(join(cache, 'node'), arch);
    tree.file('usr/local/bin/node', join(node, 'bin/node')).file('usr/share/doc/node/LICENSE', join(node, 'LICENSE'));
    tree.text('etc/passwd', users).text('etc/group', groups).text('etc/nsswitch.conf', 'hosts: files dns\n');
    return tree.folder('tmp', { mode: forAll }).text('etc/ssl/certs/ca-certificates.crt', certificates(tree));
  });
  return { layer, packages };
}

/** Debian's browser without a window, for the entries that drive one. */
export async function browserLayer({ archive, cache }: Workshop, base: SystemLayer): Promise<SystemLayer> {
  const present = base.packages.map(({ name }) => name);
  const packages = await archive.fetch(debian.browser, [...debian.withoutBrowser, ...present]);
  const inputs = packages.map(nameOf);
  const layer = await packLayer(join(cache, 'layers'), { about: 'browser', inputs }, async () => {
    const tree = new Tree();
    for (const item of packages) await archive.unpack(item, tree);
    return tree;
  });
  return { layer, packages };
}

/** The packages of one entry, its folders to write to, and the bill of materials of the whole image. */
export async function entryLayer(
  { cache, npm, arch, recipes }: Workshop,
  entry: CatalogueEntry,
  system: readonly DebianPackage[],
): Promise<{ layer: Layer; sbom: string }> {
  const recipe = recipeOf(entry);
  const from = join(recipes, entry.slug);
  const lock = readFileSync(join(from, 'package-lock.json'), 'utf8');
  const sbom = composeSbom(await npm.sbom(from, join(cache, 'sboms', `${digestOf(lock)}.json`)), entry, system);
  const installed = digestOf(JSON.stringify([lock, recipe.compiled, pinnedNode.version, arch]));
  const inputs = { installed, sbom, scratch: entry.scratch };
  const layer = await packLayer(join(cache, 'layers'), { about: entry.slug, inputs }, async () => {
    const folder = join(cache, 'packages', `${entry.slug}-${installed.slice(0, 16)}`);
    const node = recipe.compiled.length > 0 ? await npm.installNode(join(cache, 'node'), arch) : '';
    await npm.install(from, folder, recipe, node);
    const tree = new Tree().copy(folder, 'opt/server').text('usr/share/mcpnest/sbom.cdx.json', sbom);
    for (const { path } of entry.scratch) tree.folder(path.slice(1), { mode: forAll });
    return tree;
  });
  return { layer, sbom };
}

const nameOf = ({ name, version, architecture }: DebianPackage): string => `${name} ${version} ${architecture}`;

const digestOfTree = (tree: Tree): string =>
  digestOf(
    JSON.stringify(tree.entries().map(([path, node]) => [path, node.kind === 'file' ? digestOf(node.read()) : ''])),
  );

/** What update-ca-certificates would write. */
function certificates(tree: Tree): string {
  return tree
    .entries()
    .flatMap(([path, node]) =>
      node.kind === 'file' && /^usr\/share\/ca-certificates\/.*\.crt$/.test(path) ? [node.read().toString('utf8')] : [],
    )
    .join('');
}
