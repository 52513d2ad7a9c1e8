import type { ManifestDocument } from '@mcpnest/contract/schemas/manifests';
import { approvalTarget } from '../../domain/policy/approvals.ts';
import type { InputIssue } from '../../domain/errors.ts';

/** Why a manifest cannot ask for approvals of what it asks for: a name that would be read as a pattern or a class. */
export const approvalObstacles = ({ tools }: ManifestDocument): InputIssue[] =>
  approvedTools(tools)
    .filter((tool) => !isExact(tool))
    .map((tool) => ({
      path: `tools.${tool}.approval`,
      message:
        'a setting cannot name this tool alone. An administrator marks it by a pattern: mcpnest server require-approval',
    }));

/** Tools that ask for an approval of each call. */
export const approvedTools = (tools: ManifestDocument['tools']): string[] =>
  Object.keys(tools)
    .filter((tool) => tools[tool]!.approval === 'required')
    .sort();

function isExact(tool: string): boolean {
  const target = approvalTarget(tool);
  return target?.kind === 'tools' && target.pattern === tool && !tool.includes('*');
}
