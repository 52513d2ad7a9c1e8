import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { parseSync } from 'oxc-parser';

import { listFiles } from './source-files.ts';

/** One source file, what it imports, and its syntax tree for the checks that look further. */
export interface ModuleRecord {
  /** Relative to the repository, forward slashes. */
  readonly path: string;
  readonly imports: readonly ImportRecord[];
  readonly program: unknown;
  readonly source: string;
}

export interface ImportRecord {
  readonly specifier: string;
  /** The imported file when it is one of the repository's, otherwise undefined. */
  readonly file: string | undefined;
  /** Names imported; empty for `import 'x'`, `import * as` and `import()`, which may use anything. */
  readonly names: readonly string[];
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** A computed `import(x)` has this specifier: what it loads cannot be checked. */
export const computedSpecifier = '(computed)';

export const sourceFolders = ['packages', 'scripts', 'test', 'bench'] as const;

/** Parse every TypeScript file of the tree. @throws Error when a file does not parse */
export function readModules(root: string): ModuleRecord[] {
  return listFiles(root, sourceFolders, /\.tsx?$/).map((path) => readModule(root, path));
}

function readModule(root: string, path: string): ModuleRecord {
  const source = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, source);
  const broken = parsed.errors.find((error) => error.severity === 'Error');
  if (broken !== undefined) throw new Error(`${path} does not parse: ${broken.message}`);

  const imports: ImportRecord[] = [];
  const add = (specifier: string, names: readonly string[], typeOnly: boolean): void => {
    imports.push({ specifier, file: resolveImport(root, path, specifier), names, typeOnly });
  };
  for (const { moduleRequest, entries } of parsed.module.staticImports) {
    const named = entries.every((entry) => entry.importName.kind === 'Name');
    const names = named ? entries.map((entry) => entry.importName.name ?? '') : [];
    add(moduleRequest.value, names, entries.length > 0 && entries.every((entry) => entry.isType));
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, isType } of entries) if (moduleRequest !== null) add(moduleRequest.value, [], isType);
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const text = source.slice(moduleRequest.start, moduleRequest.end);
    add(/^(['"])[^'"]*\1$/.test(text) ? text.slice(1, -1) : computedSpecifier, [], false);
  }
  walk(parsed.program, (node) => {
    if (node['type'] !== 'TSImportType') return;
    const { source: from } = node as { source?: { value?: unknown } };
    if (typeof from?.value === 'string') add(from.value, [], true);
  });
  return { path, imports, program: parsed.program, source };
}

function resolveImport(root: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const contract = /^@mcpnest\/contract\/(.+)$/.exec(specifier);
  if (contract !== null) return `packages/contract/src/${contract[1]}.ts`;
  if (specifier.startsWith('/') || specifier.startsWith('file:')) {
    return existsSync(join(root, specifier)) ? specifier : undefined;
  }
  return undefined;
}

/** Visit every node of a syntax tree, parents first. */
export function walk(tree: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) walk(item, visit);
  } else if (typeof tree === 'object' && tree !== null) {
    const node = tree as Record<string, unknown>;
    if (typeof node['type'] === 'string') visit(node);
    for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit);
  }
}

/** The 1-based line of an offset in the source. */
export const lineAt = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;
