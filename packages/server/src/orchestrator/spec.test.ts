import { expect, it } from 'vitest';
import type { CatalogueEntry } from '../domain/hosted/entry.ts';
import { testEntry } from '../domain/hosted/entries.contract.ts';
import { buildSecrets, buildSpec } from './spec.ts';

const shape = {
  id: 'i',
  workspaceId: 'w',
  image: 'mcpnest/files',
  digest: 'sha256:x',
  profile: 'small',
  reaches: [],
} as const;
const values = new Map([
  ['FILES_ROOT', '/data'],
  ['FILES_KEY', 'secret'],
]);

it('[ORC-05] a size is what it is called, and everything else is the entry’s', () => {
  const sizes = (['small', 'medium', 'large'] as const).map((profile) => buildSpec(testEntry, { ...shape, profile }));
  expect(sizes.map(({ cpus, memoryBytes, pids }) => [cpus, memoryBytes / 1_048_576, pids])).toEqual([
    [0.25, 256, 128],
    [0.5, 512, 128],
    [1, 1_024, 128],
  ]);
  expect(sizes[0]!.scratch).toEqual([
    { path: '/tmp', bytes: 64 * 1_048_576 },
    { path: '/data', bytes: 16 * 1_048_576 },
  ]);
  expect(new Set(sizes.map(({ hash }) => hash)).size).toBe(3);
  expect(buildSpec(testEntry, shape).hash).toBe(sizes[0]!.hash);
});

it('[HST-10] what is secret is no part of it; only declared variables reach the server', () => {
  const stored = new Map([...values, ['OTHER', 'x'], ['NODE_OPTIONS', '--inspect']]);
  expect(buildSecrets(testEntry, [], stored, 't')).toEqual({
    command: ['node', '/srv/files/index.js', '/data'],
    env: { FILES_ROOT: '/data', FILES_KEY: 'secret' },
    token: 't',
  });
  expect(JSON.stringify(buildSpec(testEntry, shape))).not.toContain('secret');
  expect(() => buildSecrets(testEntry, [], new Map(), 't')).toThrow('FILES_ROOT');
  expect(() => buildSecrets(testEntry, [], new Map([['FILES_ROOT', '-e']]), 't')).toThrow('option');
});

it('[HST-01] an address in a value is replaced by what stands for it inside, and nothing else of the value', () => {
  const entry: CatalogueEntry = {
    ...testEntry,
    command: ['node', '/srv/files/index.js', { variable: 'FILES_KEY' }],
    reaches: [{ variable: 'FILES_KEY', protocol: 'postgres', local: [] }],
  };
  const through = (host: string, authority: string) => {
    const reaches = [{ variable: 'FILES_KEY', host, port: 6000, encrypted: true, opened: true }];
    const secret = `postgres://me:p%40ss@${authority}/shop?sslmode=verify-full`;
    const { forwards, hash } = buildSpec(entry, { ...shape, reaches });
    const { command, env } = buildSecrets(entry, reaches, new Map([['FILES_KEY', secret]]), 't');
    expect(command[2]).toBe(env['FILES_KEY']);
    return { forwards, hash, value: env['FILES_KEY'] };
  };
  const named = through('db.example.com', 'DB.example.com:6000');
  expect(named.value).toBe('postgres://me:p%40ss@db.example.com:15432/shop?sslmode=verify-full');
  expect(named.forwards).toEqual([
    { name: 'db.example.com', listens: 15432, host: 'db.example.com', port: 6000, opened: true },
  ]);
  const bare = through('192.0.2.9', '192.0.2.9:6000');
  expect(bare.value).toBe('postgres://me:p%40ss@reached-1.hosted.invalid:15432/shop?sslmode=verify-full');
  expect(bare.forwards[0]).toMatchObject({ name: 'reached-1.hosted.invalid', host: '192.0.2.9' });
  expect(bare.hash).not.toBe(named.hash);
  const stray = new Map([['FILES_KEY', 'postgres://other:1/x']]);
  expect(() => buildSecrets(entry, [], stray, 't')).toThrow('not open');
});
