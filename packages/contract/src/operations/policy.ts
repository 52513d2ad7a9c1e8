import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { policySimulate, simulation, unusedQuery, unusedRights } from '../schemas/access.ts';
import { nothing, slug } from '../schemas/common.ts';
import { policyDifference, policyDocument, policyImport } from '../schemas/rules.ts';

const item = '/api/v1/workspaces/{workspace}/policy';
const inWorkspace = z.strictObject({ workspace: slug });
const draft = {
  format: 'mcpnest-rules/1',
  rules: [{ effect: 'allow', subject: 'team:juniors', object: 'github-mcp:@read' }],
} as const;

export const policy = {
  export: defineOperation({
    id: 'policy.export',
    method: 'GET',
    path: item,
    summary: 'All rules as one document',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: policyDocument,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  import: defineOperation({
    id: 'policy.import',
    method: 'PUT',
    path: item,
    summary: 'Replace all rules by a document',
    description: 'All or nothing, in one transaction. With `dryRun` it only says what would change.',
    params: inWorkspace,
    query: nothing,
    body: policyImport,
    response: policyDifference,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
    example: { document: draft, dryRun: true },
  }),
  simulate: defineOperation({
    id: 'policy.simulate',
    method: 'POST',
    path: `${item}/simulation`,
    summary: 'Try rules or settings on recorded calls',
    description:
      'Judges the calls of the last days twice, by the policy as it is and as it would be, and lists where the two differ. Changes nothing.',
    params: inWorkspace,
    query: nothing,
    body: policySimulate,
    response: simulation,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
    example: { enforcement: true, days: 30 },
  }),
  unused: defineOperation({
    id: 'policy.unused',
    method: 'GET',
    path: `${item}/unused`,
    summary: 'Rights that nobody has used',
    params: inWorkspace,
    query: unusedQuery,
    body: null,
    response: unusedRights,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
