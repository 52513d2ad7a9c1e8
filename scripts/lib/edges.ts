import type { ModuleRecord } from './modules.ts';
import { walk } from './modules.ts';

/** A test, or a group of them, whose title cites a case: `it('[edge 12] …')`. */
export interface EdgeCitation {
  readonly number: number;
  readonly file: string;
}

/** What a test or a group of tests is made with; `it.each(…)(…)` and the like begin with one of them, too. */
const runners: ReadonlySet<unknown> = new Set(['it', 'test', 'describe']);

/**
 * Every citation in the titles of tests. Titles are taken from the syntax tree: a string that only looks like a
 * citation, in a comment or in the text of a planted file, is none.
 */
export function edgeCitations(modules: readonly ModuleRecord[]): EdgeCitation[] {
  const found: EdgeCitation[] = [];
  for (const { path, program } of modules) {
    if (!path.endsWith('.test.ts')) continue;
    walk(program, (node) => {
      if (node['type'] !== 'CallExpression' || !runners.has(nameAtRoot(node['callee']))) return;
      const [title] = node['arguments'] as readonly unknown[];
      for (const [, number] of textOf(title).matchAll(/\[edge (\d+)\]/g)) {
        found.push({ number: Number(number), file: path });
      }
    });
  }
  return found;
}

interface SyntaxNode {
  readonly type: string;
  readonly name?: unknown;
  readonly value?: unknown;
  readonly callee?: unknown;
  readonly object?: unknown;
  readonly tag?: unknown;
  readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
}

/** `it` of `it`, `it.each`, `it.each(table)` and ``it.each`table` ``. */
function nameAtRoot(callee: unknown): unknown {
  let node = callee as SyntaxNode | undefined;
  while (node !== undefined && node.type !== 'Identifier') {
    node = (node.callee ?? node.object ?? node.tag) as SyntaxNode | undefined;
  }
  return node?.name;
}

function textOf(title: unknown): string {
  const { type, value, quasis } = (title ?? {}) as Partial<SyntaxNode>;
  if (type === 'TemplateLiteral') return (quasis ?? []).map(({ value: { raw } }) => raw).join('');
  return typeof value === 'string' ? value : '';
}
