import type { PolicyDocument } from '@mcpnest/contract/schemas/rules';
import type { AppProblem } from '../../api/problem.ts';
import { t } from '../../strings/access-rules.ts';
import type { Complaint } from '../../ui/code/code-editor.tsx';

/** The document as people edit it: one rule a line. */
export function writeDocument({ format, rules }: PolicyDocument): string {
  const lines = rules.map((rule) => `    ${JSON.stringify(rule)}`);
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n  "format": ${JSON.stringify(format)},\n  "rules": ${list}\n}\n`;
}

/** The text as JSON; whether it is a document of rules the server decides. */
export function readDocument(
  text: string,
): { readonly ok: true; readonly document: PolicyDocument } | { readonly ok: false; readonly complaint: Complaint } {
  try {
    // The server checks every part of it against the contract.
    return { ok: true, document: JSON.parse(text) as PolicyDocument };
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    const at = Math.min(Number(/position (\d+)/.exec(why)?.[1] ?? text.length), text.length);
    return { ok: false, complaint: { from: Math.max(0, at - 1), to: at, message: t('notJson', { why }) } };
  }
}

/** What the server finds wrong, at the rule it is about; all of the text where it names none. */
export function complaintsOf(
  text: string,
  { detail, errors }: Pick<AppProblem, 'detail' | 'errors'>,
): readonly Complaint[] {
  const found = Object.entries(errors);
  if (found.length === 0) return [{ from: 0, to: text.length, message: detail }];
  return found.map(([path, message]) => {
    const rule = /^document\.rules\.(\d+)/.exec(path)?.[1];
    return { ...spanOfRule(text, rule === undefined ? undefined : Number(rule)), message: `${path}: ${message}` };
  });
}

/** Where the n-th rule stands in the text, counting objects in the list; the whole text when it is not found. */
function spanOfRule(text: string, wanted: number | undefined): { readonly from: number; readonly to: number } {
  const all = { from: 0, to: text.length };
  if (wanted === undefined) return all;
  let depth = 0;
  let count = -1;
  let from = 0;
  for (const { 0: part, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (part === '{' && ++depth === 2) {
      count += 1;
      from = index;
    } else if (part === '}' && depth-- === 2 && count === wanted) return { from, to: index + 1 };
  }
  return all;
}
