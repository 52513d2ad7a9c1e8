import type { ToolClass } from '@mcpnest/contract/rule-form';
import type { SnapshotApproval } from '../snapshot.ts';
import { compileGlob } from './glob.ts';
import { parseRuleObject, type RuleTarget } from './rule-object.ts';

/** The setting by which calls of a tool wait for an approval; undefined: they do not. */
export type Approvals = (tool: string, toolClass: ToolClass) => SnapshotApproval | undefined;

/**
 * The settings of one server, read once. Where several name a tool the closest one counts: the name itself, then a
 * pattern, then a class.
 */
export function approvalsOf(settings: readonly SnapshotApproval[]): Approvals {
  const exact = new Map<string, SnapshotApproval>();
  const patterns: { matches: (tool: string) => boolean; setting: SnapshotApproval }[] = [];
  const byClass = new Map<ToolClass, SnapshotApproval>();
  for (const setting of settings) {
    const target = approvalTarget(setting.target);
    if (target?.kind === 'class') byClass.set(target.toolClass, setting);
    else if (target !== undefined && !target.pattern.includes('*')) exact.set(target.pattern, setting);
    // Control stores only what can be read; were it otherwise, nobody must gain by it.
    else patterns.push({ matches: compileGlob(target?.pattern ?? '*'), setting });
  }
  return (tool, toolClass) =>
    exact.get(tool) ?? patterns.find(({ matches }) => matches(tool))?.setting ?? byClass.get(toolClass);
}

/** What a setting is about; undefined for text that names no tools. */
export function approvalTarget(text: string): Extract<RuleTarget, { kind: 'tools' | 'class' }> | undefined {
  const target = parseRuleObject(`*:${text}`)?.target;
  return target?.kind === 'tools' || target?.kind === 'class' ? target : undefined;
}
