import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../config/env.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { DebianArchive } from './debian.ts';
import { composeGateImage, composeImage, type Image } from './image.ts';
import { baseLayer, browserLayer, entryLayer, type SystemLayer, type Workshop } from './layers.ts';
import { Npm } from './npm.ts';
import { recipeOf } from './recipes.ts';
import { CommandRunner } from './run-command.ts';

/** An image with the bill of materials that is also inside it. */
export interface BuiltImage extends Image {
  readonly entry: CatalogueEntry;
  readonly sbom: string;
}

/** What there is to put into an engine. */
export interface Built {
  readonly images: readonly BuiltImage[];
  /** Of the gates in front of them. */
  readonly gate: Image;
}

export interface BuildOptions {
  /** Everything fetched and packed is kept here; a build that was cut short goes on from it. */
  readonly cache: string;
  /** Of Debian, without the path: `http://deb.debian.org`. */
  readonly mirror: string;
  readonly environment: Environment;
  /** Called with what is done, before it is done. */
  report(line: string): void;
}

const packages = join(import.meta.dirname, '../../../..');

/**
 * Build the images of entries: a layer they share, one for those with a browser, one each. Made of the same lock files
 * and Debian packages, an image has the same digest wherever it is built, except for what is compiled.
 * @throws Error naming what is missing on this machine
 */
export async function buildImages(entries: readonly CatalogueEntry[], options: BuildOptions): Promise<Built> {
  const { cache, mirror, environment, report } = options;
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Error(
      `Images are built on Linux (x64, arm64), not on ${process.platform}-${process.arch}: use deploy/hosted/Dockerfile.`,
    );
  }
  for (const folder of ['layers', 'node', 'packages', 'sboms']) mkdirSync(join(cache, folder), { recursive: true });
  const runner = new CommandRunner(environment);
  const workshop: Workshop = {
    cache,
    archive: new DebianArchive(join(cache, 'debian'), mirror, runner),
    npm: new Npm(environment, runner),
    arch: process.arch,
    bridge: join(packages, 'bridge'),
    recipes: join(packages, 'server/hosted'),
  };
  report('the layer of all images: Debian, Node, the bridge');
  const base = await baseLayer(workshop);
  const none: SystemLayer[] = [];
  let browser = none;
  if (entries.some((entry) => recipeOf(entry).browser)) {
    report('the layer with the browser');
    browser = [await browserLayer(workshop, base)];
  }
  const images: BuiltImage[] = [];
  for (const [index, entry] of entries.entries()) {
    report(`${entry.slug} (${index + 1} of ${entries.length}): ${entry.package.name} ${entry.package.version}`);
    const below = [base, ...(recipeOf(entry).browser ? browser : none)];
    const { layer, sbom } = await entryLayer(
      workshop,
      entry,
      below.flatMap((part) => part.packages),
    );
    images.push({ entry, ...composeImage(entry, [...below.map((part) => part.layer), layer], workshop.arch), sbom });
  }
  return { images, gate: composeGateImage(base.layer, workshop.arch) };
}
