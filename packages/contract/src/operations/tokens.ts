import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { rotate, tokenIssue, tokenIssued, tokenList } from '../schemas/tokens.ts';

const collection = '/api/v1/workspaces/{workspace}/tokens';
const item = `${collection}/{token}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inToken = z.strictObject({ workspace: slug, token: id });

export const tokens = {
  issue: defineOperation({
    id: 'tokens.issue',
    method: 'POST',
    path: collection,
    summary: 'Issue a gateway token (mng_…)',
    description:
      'A member issues tokens of their own; an admin also those of members not above them, of machines and of the workspace. A member or a machine has at most 100 living tokens.',
    params: inWorkspace,
    query: nothing,
    body: tokenIssue,
    response: tokenIssued,
    status: 201,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { kind: 'workspace', label: 'CI', scope: ['github', 'grafana:get_dashboard'], expiresInDays: 90 },
  }),
  issueForConsole: defineOperation({
    id: 'tokens.issueForConsole',
    method: 'POST',
    path: `${collection}/console`,
    summary: 'Issue yourself a gateway token to try tools with',
    description:
      'It acts for you, lives ten minutes and cannot be replaced, so that policy, approvals, budgets and records hold for what a console tries. Of more than five living ones the oldest ends.',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: tokenIssued,
    status: 201,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
  list: defineOperation({
    id: 'tokens.list',
    method: 'GET',
    path: collection,
    summary: 'List the gateway tokens',
    description: 'A member sees their own and those of machines they own, an admin all.',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: tokenList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  rotate: defineOperation({
    id: 'tokens.rotate',
    method: 'POST',
    path: `${item}/rotate`,
    summary: 'Replace a gateway token by a new one',
    description: 'For whom one may issue, one may replace.',
    params: inToken,
    query: nothing,
    body: rotate,
    response: tokenIssued,
    status: 201,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { overlapSeconds: 3600 },
  }),
  revoke: defineOperation({
    id: 'tokens.revoke',
    method: 'DELETE',
    path: item,
    summary: 'End a gateway token now',
    description: 'A member may end their own and those of machines they own, an admin all.',
    params: inToken,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
