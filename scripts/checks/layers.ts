import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

import type { ImportRecord, ModuleRecord } from '../lib/modules.ts';
import { computedSpecifier } from '../lib/modules.ts';
import { isTestFile } from '../lib/source-files.ts';
import { adapters, fileRules, layers, mayNameAdapters, moduleRules, roomDoors, server } from './layer-rules.ts';

/** The layer a file belongs to, or undefined for a file outside the tree's plan. */
export const layerOf = (path: string): string | undefined => layers.find((layer) => layer.files.test(path))?.name;

/** Every import that crosses a border of `layer-rules.ts`, as one line each: `file imports what: why not`. */
export function findLayerViolations(root: string, modules: readonly ModuleRecord[]): string[] {
  return modules.flatMap((module) =>
    module.imports.flatMap((record) =>
      judge(root, module.path, record).map((why) => `${module.path} imports ${record.specifier}: ${why}`),
    ),
  );
}

function judge(root: string, from: string, record: ImportRecord): string[] {
  const layer = layers.find((candidate) => candidate.files.test(from));
  if (layer === undefined) return ['the file belongs to no layer; place it or name its layer in layer-rules.ts'];
  const inPackages = from.startsWith('packages/');

  if (record.specifier === computedSpecifier) return inPackages ? ['a computed import cannot be checked'] : [];
  if (record.file === undefined) return isTestFile(from) ? [] : judgePackage(from, layer.packages, record);

  const why: string[] = [];
  const { file } = record;
  if (!existsSync(join(root, file))) return [`there is no file ${file}`];
  if (/\.(json|css)$/.test(file)) return [];
  const target = layerOf(file);
  const testOfAPlane = isTestFile(from);
  if (isTestFile(file) && !testOfAPlane && !/^(scripts|bench)\//.test(from)) why.push('only tests import tests');
  if (target === undefined) why.push('the imported file belongs to no layer');
  else if (!layer.mayImport.includes(target) && !(testOfAPlane && target === 'tooling')) {
    why.push(`${layer.name} must not import ${target}`);
  }
  if (inPackages && adapters.test(file) && !mayNameAdapters.test(from) && !testOfAPlane) {
    why.push('adapters are named by the composition root only');
  }
  for (const rule of fileRules) {
    if (rule.file.test(file) && !rule.importers.test(from) && !record.typeOnly && !testOfAPlane) why.push(rule.reason);
  }
  const door = closedDoor(from, file);
  if (door !== undefined && !testOfAPlane) why.push(door);
  return why;
}

function judgePackage(from: string, packages: readonly string[] | undefined, record: ImportRecord): string[] {
  const why: string[] = [];
  if (!record.specifier.startsWith('node:') && builtinModules.includes(record.specifier))
    why.push(`write node:${record.specifier}`);
  if (packages !== undefined && !packages.some((name) => covers(name, record.specifier))) {
    why.push(`this layer may use ${packages.join(', ')} and nothing else`);
  }
  if (record.typeOnly) return why;
  for (const rule of moduleRules) {
    if (
      !from.startsWith(`${rule.within ?? server}/`) ||
      !rule.modules.includes(record.specifier) ||
      rule.files.test(from)
    )
      continue;
    const { harmless = [] } = rule;
    if (record.names.length > 0 && record.names.every((name) => harmless.includes(name))) continue;
    why.push(rule.reason);
  }
  return why;
}

const covers = (name: string, specifier: string): boolean =>
  name === specifier || (name.endsWith('/*') && specifier.startsWith(name.slice(0, -1)));

/** Inside control, `rooms/a/x.ts` may import `rooms/b/b.ts` and no other file of room b. */
function closedDoor(from: string, file: string): string | undefined {
  const room = /^packages\/server\/src\/control\/([^/]+)\/(.+)$/;
  const [, ownRoom] = room.exec(from) ?? [];
  const [, otherRoom, door] = room.exec(file) ?? [];
  if (otherRoom === undefined || door === undefined || ownRoom === undefined || ownRoom === otherRoom) return undefined;
  const open = roomDoors[otherRoom] ?? [`${otherRoom}.ts`];
  return open.includes(door) ? undefined : `the room ${otherRoom} is entered by ${open.join(' or ')} only`;
}
