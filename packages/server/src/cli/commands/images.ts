import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Client } from '@mcpnest/contract/client';
import { Option, type Command } from 'commander';
import { catalogue, findEntry } from '../../domain/hosted/catalogue.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { confirm } from '../choose.ts';
import { UsageError } from '../fault.ts';
import type { Io } from '../io.ts';
import { fields, print, shortTime, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface BuildCommandOptions {
  readonly all?: true;
  readonly output: 'engine' | 'tar';
  readonly out?: string;
  readonly socket: string;
  readonly prefix: string;
  readonly cache?: string;
  readonly mirror: string;
  readonly allow?: true;
  readonly json?: true;
}

/** What `POST /api/v1/hosted-images` takes, and what people want to know besides. */
interface Result {
  readonly image: string;
  readonly digest: string;
  readonly entry: string;
  readonly sbom: string;
  readonly bytes: number;
}

/** `mcpnest image …` */
export function imageCommands(program: Command, shell: Shell): void {
  const noun = program.command('image').description('the images of hosted servers: building them, and which may run');
  buildCommand(noun, shell);
  allowlistCommands(noun, shell);
}

function buildCommand(noun: Command, { io, withClient }: Shell): void {
  noun
    .command('build [entries...]')
    .description('build the images of catalogue entries on this machine')
    .option('--all', 'every entry of the catalogue')
    .addOption(new Option('--output <where>', 'where they go').choices(['engine', 'tar']).default('engine'))
    .option('--out <folder>', 'folder for images.tar and the bills of materials; that of the cache when left out')
    .option('--socket <path>', 'of the container engine', '/var/run/docker.sock')
    .option('--prefix <text>', 'goes before the name of each image, as a registry does', '')
    .option('--cache <folder>', 'where what is fetched and packed is kept')
    .option('--mirror <url>', 'of Debian', 'http://deb.debian.org')
    .option('--allow', 'let them run, too: what `image allow` does for each')
    .option('--json', 'print JSON')
    .action(async (slugs: readonly string[], options: BuildCommandOptions) => {
      const results = await build(io, chooseEntries(slugs, options.all === true), options);
      if (options.allow === true) await withClient(({ client }) => allowAll(client, results));
      print(io, options.json, { items: results }, () => resultText(results, options.allow === true));
    });
}

async function allowAll(client: Client, results: readonly Result[]): Promise<void> {
  const allowed = (await client.hostedImages.list()).items.filter(({ revoked_at }) => revoked_at === null);
  for (const { image, digest, entry, sbom } of results) {
    const version = findEntry(entry)?.version;
    if (allowed.some((row) => row.digest === digest && row.entry === entry && row.entry_version === version)) continue;
    await client.hostedImages.allow({ body: { image, digest, entry, sbom } });
  }
}

function allowlistCommands(noun: Command, { io, withClient }: Shell): void {
  noun
    .command('allow <image> <digest>')
    .description('let exactly these bytes run, for the entry of the catalogue that names the image')
    .option('--entry <slug>', 'where several entries name the image')
    .option('--sbom <place>', 'where its bill of materials is')
    .option('--json', 'print JSON')
    .action((image: string, digest: string, options: { entry?: string; sbom?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const { entry, sbom } = options;
        const made = await client.hostedImages.allow({ body: { image, digest, entry, sbom } });
        print(io, options.json, made, () => fields(made));
      }),
    );
  noun
    .command('list')
    .description('list the images that may run, and those that no longer may')
    .option('--json', 'print JSON')
    .action((options: { json?: true }) =>
      withClient(async ({ client }) => {
        const list = await client.hostedImages.list();
        print(io, options.json, list, () =>
          table(list.items, {
            image: (row) => row.image,
            digest: (row) => row.digest,
            version: (row) => row.entry_version,
            allowed: (row) => shortTime(row.created_at),
            revoked: (row) => shortTime(row.revoked_at),
            id: (row) => row.id,
          }),
        );
      }),
    );
  noun
    .command('revoke <id>')
    .description('let an image run no longer; what runs from it is stopped')
    .option('--yes', 'do not ask')
    .action((image: string, options: { yes?: true }) =>
      withClient(async ({ client }) => {
        await confirm(io, options.yes, 'Stop every instance that runs from this image?');
        await client.hostedImages.revoke({ params: { image } });
        io.err('Revoked.\n');
      }),
    );
}

function chooseEntries(slugs: readonly string[], all: boolean): readonly CatalogueEntry[] {
  if (all) return catalogue;
  const known = catalogue.map(({ slug }) => slug).join(', ');
  if (slugs.length === 0) throw new UsageError(`Name entries, or --all. The catalogue has ${known}.`);
  return slugs.map((slug) => {
    const entry = findEntry(slug);
    if (entry === undefined) throw new UsageError(`The catalogue has no entry ${slug}. It has ${known}.`);
    return entry;
  });
}

async function build(io: Io, entries: readonly CatalogueEntry[], options: BuildCommandOptions): Promise<Result[]> {
  // What can start a program is loaded by this command alone.
  const { buildImages } = await import('../images/build-images.ts');
  const { archiveOf, writeArchive } = await import('../images/archive.ts');
  const { ImageEngine } = await import('../images/engine.ts');
  const { environment } = io;
  // Programs that run in folders of their own are told of it.
  const cache = resolve(
    options.cache ?? join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mcpnest/images'),
  );
  const out = resolve(options.out ?? join(cache, 'out'));
  const report = (line: string): void => io.err(`… ${line}\n`);
  const engine = options.output === 'engine' ? new ImageEngine(options.socket) : undefined;
  // Asked first: a build takes minutes, and an engine that is away would be noticed only then.
  await engine?.find('scratch');
  const { images, gate } = await buildImages(entries, { cache, mirror: options.mirror, environment, report });
  mkdirSync(out, { recursive: true });
  report(engine === undefined ? `writing ${join(out, 'images.tar')}` : `loading into the engine at ${options.socket}`);
  if (engine === undefined) await writeArchive(archiveOf([gate, ...images], options.prefix), join(out, 'images.tar'));
  else {
    const all = [gate, ...images];
    const known = await Promise.all(all.map(({ name }) => engine.find(options.prefix + name)));
    const missing = all.filter(({ digest }, index) => known[index] !== digest);
    if (missing.length > 0) await engine.load(archiveOf(missing, options.prefix));
  }
  const results = await Promise.all(
    images.map(async ({ entry, name, digest, layers, sbom }): Promise<Result> => {
      const file = join(out, `${entry.slug}.sbom.cdx.json`);
      writeFileSync(file, sbom);
      const image = `${options.prefix}${entry.image}`;
      // An engine that keeps images as manifests names them by those.
      const known = engine === undefined ? digest : await engine.idOf(options.prefix + name);
      const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
      return { image, digest: known, entry: entry.slug, sbom: file, bytes };
    }),
  );
  report('done');
  return results;
}

const resultText = (results: readonly Result[], allowed: boolean): string =>
  `${table(results, {
    entry: (row) => row.entry,
    image: (row) => row.image,
    digest: (row) => row.digest,
    MB: (row) => Math.round(row.bytes / 1e6),
    'bill of materials': (row) => row.sbom,
  })}\n${allowed ? 'Each of them may run.' : `An image runs once its digest is allowed:\n${results.map(allowLine).join('\n')}`}\n`;

const allowLine = ({ image, digest, entry, sbom }: Result): string =>
  `  mcpnest image allow ${image} ${digest} --entry ${entry} --sbom ${sbom}`;
