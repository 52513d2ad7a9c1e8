import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findUnsettledEdges } from '../scripts/checks/edges.ts';
import { findHabitViolations } from '../scripts/checks/habits.ts';
import { layersThatExist } from '../scripts/checks/layer-rules.ts';
import { findLayerViolations, layerOf } from '../scripts/checks/layers.ts';
import { findSecrets } from '../scripts/checks/secrets.ts';
import { findOversizedFiles } from '../scripts/checks/sizes.ts';
import { readModules } from '../scripts/lib/modules.ts';
import { isTestFile } from '../scripts/lib/source-files.ts';
import { root, runTool } from '../scripts/lib/tool.ts';
import { edges, type ProtocolEdge } from './edges.ts';

const server = 'packages/server/src';
const bridge = 'packages/bridge/src';

/** A tree that breaks nothing, with one file for each border. */
const sound: Readonly<Record<string, string>> = {
  'packages/contract/src/error-codes.ts': 'export const codes = [];',
  [`${server}/domain/policy.ts`]: "import { codes } from '@mcpnest/contract/error-codes';\nexport const rules = codes;",
  [`${server}/platform/bus/bus.ts`]: 'export interface Bus { publish(): void }',
  [`${server}/platform/bus/memory.ts`]:
    "import type { Bus } from './bus.ts';\nexport const bus: Bus = { publish() {} };",
  [`${server}/config/env.ts`]: 'export const env = process.env;',
  [`${server}/control/app.ts`]:
    "import { listServers } from './servers/servers.ts';\nexport const control = listServers;",
  [`${server}/control/servers/servers.ts`]: "import { rows } from './queries.ts';\nexport const listServers = rows;",
  [`${server}/control/servers/queries.ts`]: 'export const rows = [];',
  [`${server}/control/tokens/tokens.ts`]:
    "import { listServers } from '../servers/servers.ts';\nexport const t = listServers;",
  [`${server}/gateway/app.ts`]: "import { rules } from '../domain/policy.ts';\nexport const gateway = rules;",
  [`${server}/gateway/dispatch.ts`]: 'export const dispatch = () => {};',
  [`${server}/platform/http1/client.ts`]: 'export class HttpClient {}',
  [`${server}/gateway/perform.ts`]: "import { dispatch } from './dispatch.ts';\nexport const c = dispatch;",
  [`${server}/gateway/door.ts`]:
    "import type { IncomingMessage } from 'node:http';\nexport const f = (m: IncomingMessage) => m;",
  [`${server}/platform/http1/server.ts`]: "import { Server } from 'node:http';\nexport const S = Server;",
  [`${server}/build.ts`]:
    "import { S } from './platform/http1/server.ts';\nimport { bus } from './platform/bus/memory.ts';\nexport const b = { bus, S };",
  [`${server}/main.ts`]: "import { b } from './build.ts';\nexport const m = b;",
  [`${server}/cli.ts`]: "import { m } from './main.ts';\nexport const c = m;",
  [`${server}/cli/keychain.ts`]:
    "import { execFile } from 'node:child_process';\nexport const openKeychain = () => execFile;",
  [`${server}/cli/images/run-command.ts`]:
    "import { spawn } from 'node:child_process';\nexport const run = () => spawn;",
  [`${server}/cli/images/engine.ts`]: "import { request } from 'node:http';\nexport const E = request;",
  [`${server}/cli/images/build-images.ts`]: "import { run } from './run-command.ts';\nexport const b = run;",
  [`${server}/cli/token-store.ts`]: "import { openKeychain } from './keychain.ts';\nexport const s = openKeychain;",
  [`${bridge}/bridge.ts`]: "import { createServer } from 'node:http';\nexport const b = createServer;",
  [`${bridge}/stdio/child.ts`]: "import { spawn } from 'node:child_process';\nexport const c = spawn;",
  [`${bridge}/healthcheck.ts`]: "export const healthy = () => fetch('http://127.0.0.1/healthz');",
  [`${bridge}/main.ts`]: 'export const e = process.env;',
  [`${server}/platform/bus/memory.test.ts`]: "import { bus } from './memory.ts';\nexport const t = bus;",
};

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpnest-checks-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A fresh copy of the sound tree with the given files added or replaced. */
function plant(files: Readonly<Record<string, string>>): string {
  const tree = mkdtempSync(join(folder, 'tree-'));
  for (const [path, text] of Object.entries({ ...sound, ...files })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  }
  return tree;
}

const layerViolations = (files: Readonly<Record<string, string>>): string[] => {
  const tree = plant(files);
  return findLayerViolations(tree, readModules(tree));
};

describe('the layer check', () => {
  it('sees every module and layer of this repository', () => {
    const modules = readModules(root);
    expect(modules.length).toBeGreaterThan(50);
    const seen = new Set(modules.map(({ path }) => layerOf(path)));
    expect([...seen]).toEqual(expect.arrayContaining([...layersThatExist]));
  });

  it('[GW-10] finds no module of the server that could start a program, but for the keychain and the images of the CLI', () => {
    const server = readModules(root).filter(({ path }) => path.startsWith('packages/server/src/') && !isTestFile(path));
    const starters = server.filter(({ imports }) =>
      imports.some(({ specifier }) => specifier.includes('child_process')),
    );
    expect(server.length).toBeGreaterThan(50);
    expect(starters.map(({ path }) => path).toSorted()).toEqual([
      'packages/server/src/cli/images/run-command.ts',
      'packages/server/src/cli/keychain.ts',
    ]);
  });

  it('finds nothing in a sound tree', () => {
    expect(layerViolations({})).toEqual([]);
  });

  const violations: readonly [string, string, string, RegExp][] = [
    ['a plane importing a plane', 'gateway/x.ts', "import '../control/app.ts';", /gateway must not import control/],
    ['the other way round', 'control/x.ts', "import '../gateway/app.ts';", /control must not import gateway/],
    [
      'a type from another plane',
      'gateway/x.ts',
      "import type { control } from '../control/app.ts';",
      /gateway must not import control/,
    ],
    [
      'a type taken by import()',
      'gateway/x.ts',
      "export type C = import('../control/app.ts').control;",
      /gateway must not import control/,
    ],
    ['a re-export', 'gateway/x.ts', "export { control } from '../control/app.ts';", /gateway must not import control/],
    ['a dynamic import', 'gateway/x.ts', "await import('../control/app.ts');", /gateway must not import control/],
    ['a computed import', 'gateway/x.ts', 'export const f = (x: string) => import(x);', /computed/],
    ['domain importing upward', 'domain/x.ts', "import '../platform/bus/bus.ts';", /domain must not import platform/],
    ['platform importing a plane', 'platform/x.ts', "import '../gateway/app.ts';", /platform must not import gateway/],
    ['a plane naming an adapter', 'gateway/x.ts', "import '../platform/bus/memory.ts';", /adapters are named/],
    ['source importing a test', 'platform/x.ts', "import './bus/memory.test.ts';", /only tests import tests/],
    ['a plane importing the root', 'gateway/x.ts', "import '../build.ts';", /gateway must not import build/],
    ['a closed room', 'control/tokens/x.ts', "import '../servers/queries.ts';", /is entered by servers\.ts/],
    ['undici in control', 'control/x.ts', "import { request } from 'undici';", /R6/],
    ['a socket in the gateway', 'gateway/x.ts', "import { connect } from 'node:net';", /R6/],
    ['all of node:net', 'gateway/x.ts', "import * as net from 'node:net';", /R6/],
    ['an HTTP client', 'gateway/x.ts', "import { request } from 'node:https';", /R6/],
    ['a process', 'control/x.ts', "import { spawn } from 'node:child_process';", /R7/],
    ['a process of the command line', 'cli/commands/x.ts', "import { execFile } from 'node:child_process';", /R7/],
    ['a process beside the keychain', 'cli/keychain-2.ts', "import { execFile } from 'node:child_process';", /R7/],
    ['a process beside the images', 'cli/images/x.ts', "import { spawn } from 'node:child_process';", /R7/],
    [
      'building images for another command',
      'cli/commands/x.ts',
      "import { b } from '../images/build-images.ts';",
      /R7/,
    ],
    ['an engine for another command', 'cli/commands/x.ts', "import { E } from '../images/engine.ts';", /R7/],
    ['other powers in the keychain', 'cli/keychain.ts', "import { runInThisContext } from 'node:vm';", /R7/],
    ['the keychain for another command', 'cli/commands/x.ts', "import { openKeychain } from '../keychain.ts';", /R7/],
    ['a second way to an upstream', 'gateway/x.ts', "import { dispatch } from './dispatch.ts';", /one choke point/],
    [
      'a second client of upstreams',
      'gateway/x.ts',
      "import { HttpClient } from '../platform/http1/client.ts';",
      /through its connections/,
    ],
    ['a bare builtin name', 'control/x.ts', "import { spawn } from 'child_process';", /write node:child_process/],
    ['an engine outside its adapter', 'control/x.ts', "import { DatabaseSync } from 'node:sqlite';", /adapter/],
    ['files read in the domain', 'domain/x.ts', "import { readFileSync } from 'node:fs';", /and nothing else/],
    ['a file that is not there', 'gateway/x.ts', "import './gone.ts';", /there is no file/],
    ['a file outside every layer', 'stray.ts', "import './main.ts';", /belongs to no layer/],
  ];
  it.each(violations)('catches %s', (_, file, text, expected) => {
    const found = layerViolations({ [`${server}/${file}`]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it.each([
    ['the server', "import '../../server/src/domain/policy.ts';", /bridge must not import domain/],
    ['the contract', "import '@mcpnest/contract/error-codes';", /bridge must not import contract/],
    ['a package', "import 'zod';", /this layer may use/],
    ['a second place that starts programs', "import { spawn } from 'node:child_process';", /in one place/],
    ['a second HTTP server', "import { createServer } from 'node:http';", /one HTTP server/],
    ['sockets', "import { connect } from 'node:net';", /one HTTP server/],
  ])('catches in the bridge %s', (_, text, expected) => {
    const found = layerViolations({ [`${bridge}/x.ts`]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it('catches the contract using more than zod', () => {
    const found = layerViolations({ 'packages/contract/src/x.ts': "import 'kysely';\nimport 'zod';" });
    expect(found).toEqual([expect.stringMatching(/imports kysely: this layer may use zod/)]);
  });

  it('lets types, harmless names, tests and worker entries through', () => {
    expect(
      layerViolations({
        [`${server}/gateway/x.ts`]: "import type { Dispatcher } from 'undici';\nimport { isIP } from 'node:net';",
        [`${server}/gateway/x.test.ts`]:
          "import '../platform/bus/memory.ts';\nimport { spawn } from 'node:child_process';",
        [`${server}/platform/journal/x-worker.ts`]: "import '../bus/memory.ts';",
      }),
    ).toEqual([]);
  });
});

describe('the linter', () => {
  it('is on with the rules this repository relies on', async () => {
    const tree = plant({
      [`${server}/gateway/a.ts`]: [
        "import { b } from './b.ts';",
        'export const a = (x: any): unknown => b(x);',
        'export const later = async (): Promise<void> => {};',
        'later();',
      ].join('\n'),
      [`${server}/gateway/b.ts`]: "import { a } from './a.ts';\nexport const b = a;\nexport default b;",
      [`${server}/gateway/index.ts`]: "export * from './a.ts';",
    });
    for (const name of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(join(root, name), join(tree, name));
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    const { code, output } = await runTool('oxlint', ['--type-aware', '--format=unix', tree]);
    expect(code).toBe(1);
    const rules = ['no-floating-promises', 'no-explicit-any', 'no-default-export', 'no-cycle', 'no-barrel-file'];
    for (const rule of rules) expect(output).toContain(`(${rule})`);
  });
});

describe('the other checks', () => {
  const habits: readonly [string, string][] = [
    ['the wall clock', 'export const t = Date.now();'],
    ['a date of now', 'export const t = new Date();'],
    ['the environment', 'export const e = process.env.HOME;'],
    ['the environment by index', "export const e = process['env'];"],
    ['the console', "console.error('x');"],
    ['a fetch past the dialer', "await fetch('http://example.com');"],
    ['a global fetch past the dialer', "await globalThis.fetch('http://example.com');"],
    ['code from text', "new Function('return 1')();"],
  ];
  it.each(habits)('catches %s', (_, text) => {
    const tree = plant({ [`${server}/gateway/x.ts`]: text });
    expect(findHabitViolations(readModules(tree))).toEqual([expect.stringContaining(`${server}/gateway/x.ts:1: `)]);
  });

  it.each([
    ['the environment', 'export const e = process.env.HOME;'],
    ['a request', "await fetch('http://example.com');"],
  ])('catches in the bridge %s', (_, text) => {
    const tree = plant({ [`${bridge}/x.ts`]: text });
    expect(findHabitViolations(readModules(tree))).toEqual([expect.stringContaining(`${bridge}/x.ts:1: `)]);
  });

  it('catches module mocks and skipped tests', () => {
    const text = ["vi.mock('./a.ts');", 'it.skip();', 'describe.only();'].join('\n');
    const tree = plant({ [`${server}/gateway/x.test.ts`]: text });
    expect(findHabitViolations(readModules(tree)).map((line) => line.split(':')[1])).toEqual(['1', '2', '3']);
  });

  it('finds no broken habit in a sound tree', () => {
    expect(findHabitViolations(readModules(plant({})))).toEqual([]);
  });

  it('catches a file that is too long, and leaves a shorter one', () => {
    const long = 'export {};\n'.repeat(401);
    const tree = plant({ [`${server}/gateway/x.ts`]: long, [`${server}/gateway/x.test.ts`]: long });
    expect(findOversizedFiles(tree)).toEqual([`${server}/gateway/x.ts: 401 lines, the limit is 400`]);
  });

  it.each(['mng_', 'mnk_', 'mni_'])('[TOK-04] catches a real-looking %s token, not an example of one', (prefix) => {
    const real = `${prefix}${'0123456789abcdef'.repeat(3)}`;
    const tree = plant({ 'docs/a.md': `use ${real}`, 'docs/b.md': `use mnk_${'0'.repeat(48)}` });
    expect(findSecrets(tree)).toEqual(['docs/a.md: a token']);
  });
});

describe('the check of the edge cases', () => {
  const known: ProtocolEdge[] = [
    { number: 1, meaning: 'a', status: 'shown' },
    { number: 2, meaning: 'b', status: 'apart', remark: 'for a reason' },
  ];
  const unsettled = (text: string, path = 'test/e2e/x.test.ts'): string[] =>
    findUnsettledEdges(readModules(plant({ [path]: text })), known);

  it('knows all eighty, each at its place', () => {
    expect(edges.map(({ number }) => number)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(findUnsettledEdges([], [known[1]!, known[0]!]).join()).toMatch(/\[edge 1\] is not at its place/);
  });

  it.each([
    "it('[edge 1] a', () => {});",
    "it('[GW-01][edge 1] a', () => {});",
    'it.each([1])(`[edge 1] ${1} a`, () => {});',
    "describe.runIf(true)('[edge 1]', () => {});",
  ])('finds what a title cites: %s', (text) => {
    expect(unsettled(text)).toEqual([]);
  });

  const faults: readonly [string, string, RegExp][] = [
    ['that no test cites', '', /^\[edge 1\] is cited by no test$/],
    ['cited in a comment alone', '// [edge 1]', /^\[edge 1\] is cited by no test$/],
    ['cited in a string that is no title', "expect('[edge 1]');", /^\[edge 1\] is cited by no test$/],
    ['that does not apply and is cited', "it('[edge 1][edge 2]');", /^\[edge 2\] is said not to apply, and test\/e2e/],
    ['that does not exist', "it('[edge 1][edge 81]');", /^test\/e2e\/x\.test\.ts: \[edge 81\] is no case/],
  ];
  it.each(faults)('catches a case %s', (_, text, expected) => {
    expect(unsettled(text)).toEqual([expect.stringMatching(expected)]);
  });

  it('takes nothing but tests for tests', () => {
    for (const path of ['test/upstreams/x.ts', `${server}/gateway/x.ts`]) {
      expect(unsettled("it('[edge 1] a');", path)).toHaveLength(1);
    }
    expect(unsettled("it('[edge 1] a');", `${server}/gateway/x.test.ts`)).toEqual([]);
  });
});
