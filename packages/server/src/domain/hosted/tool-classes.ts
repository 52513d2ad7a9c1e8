import type { ToolClass } from '@mcpnest/contract/rule-form';

/** Tools by what they do, as an entry of the catalogue has them. */
export function classified(
  tools: Readonly<Partial<Record<ToolClass, readonly string[]>>>,
): readonly (readonly [string, ToolClass])[] {
  const of = (toolClass: ToolClass): [string, ToolClass][] => (tools[toolClass] ?? []).map((name) => [name, toolClass]);
  return [...of('read'), ...of('write'), ...of('destructive')];
}
