import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../domain/hosted/catalogue.ts';
import { archiveOf, writeArchive } from './archive.ts';
import { composeImage } from './image.ts';
import { packLayer } from './layer.ts';
import { debian, pinnedNode, recipeOf } from './recipes.ts';
import { CommandRunner } from './run-command.ts';
import { Tree } from './tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = join(import.meta.dirname, '../../../../..');
const entry = catalogue[0]!;

/** A folder with all that a tar has to bear, made at a time of its own. */
function sample(name: string, time: number): string {
  const from = join(folder, name);
  const deep = 'long-folder-name/'.repeat(9);
  mkdirSync(join(from, deep), { recursive: true });
  writeFileSync(join(from, deep, 'file.txt'), 'deep');
  writeFileSync(join(from, 'naïve.txt'), 'not ASCII');
  writeFileSync(join(from, 'empty'), '');
  writeFileSync(join(from, 'program'), '#!/bin/true\n');
  chmodSync(join(from, 'program'), 0o4755);
  symlinkSync('program', join(from, 'link'));
  symlinkSync(`/${'a'.repeat(120)}`, join(from, 'long-link'));
  for (const file of ['empty', 'program', 'naïve.txt']) utimesSync(join(from, file), time, time);
  return from;
}

const pack = (cache: string, from: string) =>
  packLayer(join(folder, cache), { about: 'test', inputs: from }, () => Promise.resolve(new Tree().copy(from, 'opt')));

describe('layers', () => {
  it('are the same bytes of the same contents, whenever and by whom they were made', async () => {
    for (const cache of ['one', 'two']) mkdirSync(join(folder, cache));
    const first = await pack('one', sample('a', 1_000_000));
    const second = await pack('two', sample('b', 2_000_000));
    expect(second.diffId).toBe(first.diffId);
    expect(first.diffId).toBe(`sha256:${createHash('sha256').update(readFileSync(first.file)).digest('hex')}`);
    writeFileSync(join(folder, 'b/empty'), 'no longer');
    expect((await pack('two', join(folder, 'b'))).diffId).toBe(first.diffId);
    rmSync(second.file);
    expect((await pack('two', join(folder, 'b'))).diffId).not.toBe(first.diffId);
  });

  it('that no build has used for a day go when another of their name is packed', async () => {
    mkdirSync(join(folder, 'three'));
    const old = await pack('three', join(folder, 'a'));
    utimesSync(old.file, 1_000_000, 1_000_000);
    await pack('three', join(folder, 'b'));
    expect(existsSync(old.file)).toBe(false);
    expect((await pack('three', join(folder, 'a'))).diffId).toBe(old.diffId);
  });

  it('are read by tar, have no time, no owner but root, and nothing that is setuid', async () => {
    const { file } = await pack('one', join(folder, 'a'));
    const list = execFileSync('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', file], { encoding: 'utf8' });
    const lines = list.trim().split('\n');
    expect(lines).toHaveLength(16);
    for (const line of lines) expect(line).toMatch(/^[-dl]r[w-]x?[^ s]* 0\/0 +\d+ 1970-01-01 00:00:00 opt\//);
    expect(list).toContain('-rwxr-xr-x 0/0');
    expect(list).toContain(`opt/long-link -> /${'a'.repeat(120)}`);
    const unpacked = join(folder, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xf', file, '-C', unpacked]);
    expect(readFileSync(join(unpacked, `opt/${'long-folder-name/'.repeat(9)}file.txt`), 'utf8')).toBe('deep');
    expect(readFileSync(join(unpacked, 'opt/naïve.txt'), 'utf8')).toBe('not ASCII');
  });
});

describe('an image', () => {
  it('[BRG-09][BRG-10] runs the bridge as nobody special, with its secrets from the input and a health check', async () => {
    const layer = await pack('one', join(folder, 'a'));
    const image = composeImage(entry, [layer], 'x64');
    const { config, rootfs } = JSON.parse(image.config.toString('utf8')) as {
      config: { User: string; Env: string[]; Entrypoint: string[]; Healthcheck: { Test: string[] }; Volumes?: unknown };
      rootfs: { diff_ids: string[] };
    };
    expect(image.digest).toBe(`sha256:${createHash('sha256').update(image.config).digest('hex')}`);
    expect(rootfs.diff_ids).toEqual([layer.diffId]);
    expect(config.User).toBe('10001:10001');
    expect(config.Entrypoint).toEqual(['node', '/opt/bridge/bin/mcpnest-bridge.mjs']);
    expect(config.Env).toEqual(expect.arrayContaining(['MCP_BRIDGE_SECRETS=stdin', 'MCP_BRIDGE_HOST=0.0.0.0']));
    expect(config.Healthcheck.Test).toEqual(['CMD', ...config.Entrypoint, 'healthcheck']);
    expect(config.Volumes).toBeUndefined();
  });

  it('is written as an archive that names it, its layers once', async () => {
    const layer = await pack('one', join(folder, 'a'));
    const images = catalogue.slice(0, 2).map((each) => composeImage(each, [layer], 'x64'));
    const file = join(folder, 'images.tar');
    await writeArchive(archiveOf(images, 'registry.example/'), file);
    const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toHaveLength(4);
    const manifest = JSON.parse(execFileSync('tar', ['-xOf', file, 'manifest.json'], { encoding: 'utf8' })) as {
      RepoTags: string[];
      Config: string;
      Layers: string[];
    }[];
    expect(manifest[0]).toEqual({
      RepoTags: [`registry.example/mcpnest/hosted-filesystem:${entry.package.version}-1`],
      Config: `${images[0]!.digest.slice(7)}.json`,
      Layers: [`${layer.diffId.slice(7)}.tar`],
    });
    expect(names).toEqual(expect.arrayContaining(manifest.flatMap(({ Config, Layers }) => [Config, ...Layers])));
  });
});

describe('what builds images', () => {
  it('runs commands with an environment made from nothing, and tells why one failed', async () => {
    const runner = new CommandRunner({ PATH: process.env['PATH'], NODE_OPTIONS: '--x', MCPNEST_API_KEY: 'canary' });
    const command = { what: 'Trying', remedy: 'Try something else.' };
    const print = '-e "${process.env}"';
    const shown = await runner.run({
      ...command,
      file: process.execPath,
      args: ['-p', 'JSON.stringify([process.env, process.argv.slice(1)])', '--', print],
    });
    const [env, args] = JSON.parse(shown) as [Record<string, string>, string[]];
    expect(Object.keys(env).toSorted()).toEqual(['DEBIAN_FRONTEND', 'LC_ALL', 'NODE_USE_SYSTEM_CA', 'PATH']);
    expect(args).toEqual([print]);
    await expect(runner.run({ ...command, file: '/no/such/program', args: [] })).rejects.toThrow(
      'Trying failed: /no/such/program is not there. Try something else.',
    );
    const failing = { ...command, file: process.execPath, args: ['-e', 'console.error("why"); process.exit(3)'] };
    await expect(runner.run(failing)).rejects.toThrow('Trying failed. Try something else.\nwhy');
  });

  it('pins the Node that the scripts pin', () => {
    const script = readFileSync(join(root, 'scripts/run.mjs'), 'utf8');
    for (const arch of ['x64', 'arm64'] as const) {
      expect(script).toContain(
        `name: 'node-linux-${arch}',\n    version: '${pinnedNode.version}',\n    integrity: '${pinnedNode[arch]}'`,
      );
    }
  });

  it('[BRG-08] and the Dockerfile make the same: files, versions, account, health check', () => {
    const dockerfile = readFileSync(join(root, 'deploy/hosted/Dockerfile'), 'utf8');
    const { config } = JSON.parse(composeImage(entry, [], 'x64').config.toString('utf8')) as {
      config: { User: string; Entrypoint: string[]; Healthcheck: { Test: string[] }; Env: string[] };
    };
    const list = (words: readonly string[]): string => JSON.stringify(words).replaceAll(',', ', ');
    expect(dockerfile).toContain(`ARG NODE=${pinnedNode.version}\n`);
    expect(dockerfile).toContain(`-${debian.suite}-slim`);
    expect(dockerfile).toContain(`\nUSER ${config.User}\n`);
    expect(dockerfile).toContain(`\nENTRYPOINT ${list(config.Entrypoint)}\n`);
    expect(dockerfile).toContain(`CMD ${list(config.Healthcheck.Test.slice(1))}\n`);
    expect(dockerfile).toContain('COPY packages/server/hosted/${ENTRY}/package.json packages/server/hosted/${ENTRY}/');
    expect(dockerfile).toContain('npm ci --ignore-scripts --omit=dev --omit=optional');
    expect(dockerfile).toContain(`DEBIAN="${debian.browser.join(' ')}"`);
    const compiled = catalogue.flatMap((each) => recipeOf(each).compiled.map(({ package: name }) => [each.slug, name]));
    expect(compiled.map(([slug, name]) => dockerfile.includes(`# ${slug} --build-arg COMPILED=${name}`))).toEqual([
      true,
    ]);
    const env = config.Env.filter((item) => !/^(?:PATH|MCP_BRIDGE_SESSIONS)=/.test(item));
    for (const item of env) expect(dockerfile).toContain(item);
    for (const each of catalogue) {
      for (const [name, value] of Object.entries(recipeOf(each).env)) {
        const argument = name.replace('MCP_BRIDGE_', '');
        expect(dockerfile).toContain(name === argument ? `${name}=${value}` : `--build-arg ${argument}=${value}`);
      }
    }
    const folders = new Set(catalogue.flatMap(({ scratch }) => scratch.map(({ path }) => path)));
    for (const path of folders) expect(dockerfile).toMatch(new RegExp(`install -d .*${path}\\b`));
  });
});
