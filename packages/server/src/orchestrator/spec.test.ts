import { expect, it } from 'vitest';
import { testEntry } from '../domain/hosted/entries.contract.ts';
import { buildSecrets, buildSpec } from './spec.ts';

const shape = { id: 'i', workspaceId: 'w', image: 'mcpnest/files', digest: 'sha256:x', profile: 'small' } as const;
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
  expect(buildSecrets(testEntry, stored, 't')).toEqual({
    command: ['node', '/srv/files/index.js', '/data'],
    env: { FILES_ROOT: '/data', FILES_KEY: 'secret' },
    token: 't',
  });
  expect(JSON.stringify(buildSpec(testEntry, shape))).not.toContain('secret');
  expect(() => buildSecrets(testEntry, new Map(), 't')).toThrow('FILES_ROOT');
  expect(() => buildSecrets(testEntry, new Map([['FILES_ROOT', '-e']]), 't')).toThrow('option');
});
