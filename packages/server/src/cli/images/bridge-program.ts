import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { Tree } from './tree.ts';

const wanted = /^(?:bin\/.+\.mjs|src\/.+(?<!\.test)\.ts|package\.json|README\.md)$/;
const ownModule = /((?:from|import\()\s*)'(\.{1,2}\/[^']+)\.ts'/g;

/**
 * The bridge as images have it: in JavaScript, with every line where it was. Node can run its TypeScript, too, but to
 * take the types out takes more processor time than all else a start does, and a small instance has a quarter of one.
 * @param folder `packages/bridge`
 * @param place where it belongs in the layer
 */
export function bridgeProgram(folder: string, place: string): Tree {
  const tree = new Tree();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!wanted.test(path)) continue;
    if (!/\.(?:ts|mjs)$/.test(path)) tree.file(`${place}/${path}`, join(folder, path));
    else tree.text(`${place}/${path.replace(/\.ts$/, '.js')}`, javaScriptOf(readFileSync(join(folder, path), 'utf8')));
  }
  return tree;
}

function javaScriptOf(source: string): string {
  // That this function is new in Node is nothing an operator can do anything about.
  const warn = process.emitWarning;
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(source, { mode: 'strip' }).replace(ownModule, `$1'$2.js'`);
  } finally {
    process.emitWarning = warn;
  }
}
