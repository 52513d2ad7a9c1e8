import type { ModuleRecord } from '../lib/modules.ts';
import { lineAt, walk } from '../lib/modules.ts';
import { isTestFile } from '../lib/source-files.ts';

interface Habit {
  readonly reason: string;
  readonly where: (path: string) => boolean;
  readonly found: (node: Record<string, unknown>) => boolean;
}

const inServer = (path: string): boolean => path.startsWith('packages/server/src/') && !isTestFile(path);
const inBridgeExcept = (path: string, file: string): boolean =>
  path.startsWith('packages/bridge/src/') && !isTestFile(path) && !path.endsWith(`/${file}`);
const inServerExcept =
  (...files: readonly RegExp[]) =>
  (path: string): boolean =>
    inServer(path) && !files.some((file) => file.test(path));

/** Rules of style that no linter here can state. */
const habits: readonly Habit[] = [
  {
    reason: 'time comes from platform/clock.ts, injected',
    where: inServerExcept(/\/platform\/clock\.ts$/),
    found: (node) =>
      isMember(node, 'Date', 'now') ||
      isMember(node, 'performance', 'now') ||
      (isNew(node, 'Date') && argumentsOf(node).length === 0),
  },
  {
    reason: 'the environment is read in config/env.ts and handed on',
    where: inServerExcept(/\/config\/env\.ts$/),
    found: (node) => isMember(node, 'process', 'env'),
  },
  {
    reason: 'output goes through the log, or through the output helper of the CLI',
    where: inServer,
    found: (node) => node['type'] === 'MemberExpression' && nameOf(node['object']) === 'console',
  },
  {
    reason: 'outgoing requests go through the dispatcher and the one dialer (R6)',
    where: inServerExcept(/\/cli\//),
    found: (node) => calls(node, 'fetch') || isNew(node, 'WebSocket') || isNew(node, 'EventSource'),
  },
  {
    reason: 'the environment is read in main.ts and handed on',
    where: (path) => inBridgeExcept(path, 'main.ts'),
    found: (node) => isMember(node, 'process', 'env'),
  },
  {
    reason: 'the bridge sends no requests but its own health check',
    where: (path) => inBridgeExcept(path, 'healthcheck.ts'),
    found: (node) => calls(node, 'fetch'),
  },
  {
    reason: 'code is never made from text',
    where: (path) => path.startsWith('packages/'),
    found: (node) => calls(node, 'eval') || isNew(node, 'Function') || calls(node, 'Function'),
  },
  {
    reason: 'no module mocks: use the embedded adapters or a real server',
    where: () => true,
    found: (node) =>
      ['mock', 'doMock', 'hoisted'].some((name) => isMember(node, 'vi', name)) || isMember(node, 'jest', 'mock'),
  },
  {
    reason: 'a skip needs a reason the test run shows: exclude the file with a message instead',
    where: () => true,
    found: (node) =>
      ['it', 'test', 'describe'].some((runner) =>
        ['skip', 'only', 'todo'].some((name) => isMember(node, runner, name)),
      ),
  },
];

/** Every place that breaks a habit, as `file:line: reason`. */
export function findHabitViolations(modules: readonly ModuleRecord[]): string[] {
  const found: string[] = [];
  for (const { path, program, source } of modules) {
    const watched = habits.filter((habit) => habit.where(path));
    walk(program, (node) => {
      for (const habit of watched) {
        if (habit.found(node)) found.push(`${path}:${lineAt(source, node['start'] as number)}: ${habit.reason}`);
      }
    });
  }
  return found;
}

const nameOf = (node: unknown): unknown =>
  typeof node === 'object' && node !== null && 'type' in node && node.type === 'Identifier' && 'name' in node
    ? node.name
    : undefined;

const isMember = (node: Record<string, unknown>, object: string, property: string): boolean =>
  node['type'] === 'MemberExpression' &&
  (nameOf(node['object']) === object || nameOf((node['object'] as { property?: unknown }).property) === object) &&
  (nameOf(node['property']) === property || (node['property'] as { value?: unknown }).value === property);

const isNew = (node: Record<string, unknown>, name: string): boolean =>
  node['type'] === 'NewExpression' && nameOf(node['callee']) === name;

const calls = (node: Record<string, unknown>, name: string): boolean =>
  node['type'] === 'CallExpression' &&
  (nameOf(node['callee']) === name || isMember(node['callee'] as Record<string, unknown>, 'globalThis', name));

const argumentsOf = (node: Record<string, unknown>): readonly unknown[] =>
  Array.isArray(node['arguments']) ? node['arguments'] : [];
