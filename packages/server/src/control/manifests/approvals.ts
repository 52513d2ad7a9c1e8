import type { ManifestDocument } from '@mcpnest/contract/schemas/manifests';
import type { InputIssue } from '../../domain/errors.ts';

/**
 * Why a manifest that asks for approvals cannot take effect: calls are not approved one by one yet, and nothing may
 * look as if they were.
 */
export const approvalObstacles = ({ tools }: ManifestDocument): InputIssue[] =>
  approvedTools(tools).map((tool) => ({
    path: `tools.${tool}.approval`,
    message:
      "asks for approvals of calls, which this release does not have. Say 'none', and deny the tool by a rule to whom it is too dangerous for",
  }));

/** Tools that ask for an approval of each call. */
export const approvedTools = (tools: ManifestDocument['tools']): string[] =>
  Object.keys(tools)
    .filter((tool) => tools[tool]!.approval === 'required')
    .sort();
