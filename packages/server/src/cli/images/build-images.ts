import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../config/env.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { DebianArchive } from './debian.ts';
import { composeGateImage, composeImage, type Image } from './image.ts';
import { baseLayer, browserLayer, entryLayer, type Workshop } from './layers.ts';
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

/** Images made side by side. */
const atOnce = 4;

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
  const systems = { plain: [base], browser: [base] };
  const built = new Map<CatalogueEntry, BuiltImage>();
  const build = async (entry: CatalogueEntry): Promise<void> => {
    report(`${entry.slug}: ${entry.package.name} ${entry.package.version}`);
    const below = recipeOf(entry).browser ? systems.browser : systems.plain;
    const system = below.flatMap((part) => part.packages);
    const { layer, sbom } = await entryLayer(workshop, entry, system);
    const layers = [...below.map((part) => part.layer), layer];
    built.set(entry, { entry, ...composeImage(entry, layers, workshop.arch), sbom });
  };
  const driving = entries.filter((entry) => recipeOf(entry).browser);
  const withBrowser = async (): Promise<void> => {
    if (driving.length === 0) return;
    report('the layer with the browser');
    systems.browser.push(await browserLayer(workshop, base));
    for (const entry of driving) await build(entry);
  };
  // What is compiled takes longest and most of the processor; the others mostly wait for the registry.
  const rest = entries
    .filter((entry) => !driving.includes(entry))
    .toSorted((a, b) => recipeOf(b).compiled.length - recipeOf(a).compiled.length);
  await sideBySide([withBrowser, ...rest.map((entry) => () => build(entry))]);
  const images = entries.flatMap((entry) => built.get(entry) ?? []);
  return { images, gate: composeGateImage(base.layer, workshop.arch) };
}

/** Do all of it, a few at a time. @throws what failed first, once nothing runs any more; what had not begun is left */
async function sideBySide(all: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = all.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const work of waiting) {
      if (failed) return;
      try {
        await work();
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
