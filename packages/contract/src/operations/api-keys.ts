import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { apiKeyIssue, apiKeyIssued, apiKeyList, rotate } from '../schemas/tokens.ts';

const collection = '/api/v1/workspaces/{workspace}/api-keys';
const item = `${collection}/{key}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inKey = z.strictObject({ workspace: slug, key: id });

/** Control keys (mnk_…) bound to one workspace; each belongs to a member of it. */
export const apiKeys = {
  issue: defineOperation({
    id: 'apiKeys.issue',
    method: 'POST',
    path: collection,
    summary: 'Issue a control key (mnk_…) for this workspace',
    params: inWorkspace,
    query: nothing,
    body: apiKeyIssue,
    response: apiKeyIssued,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found'],
    example: { email: 'ada@example.com', role: 'admin', label: 'Terraform', expiresInDays: 90 },
  }),
  list: defineOperation({
    id: 'apiKeys.list',
    method: 'GET',
    path: collection,
    summary: 'List the control keys of this workspace',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: apiKeyList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  rotate: defineOperation({
    id: 'apiKeys.rotate',
    method: 'POST',
    path: `${item}/rotate`,
    summary: 'Replace a control key of this workspace by a new one',
    params: inKey,
    query: nothing,
    body: rotate,
    response: apiKeyIssued,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found', 'conflict'],
    example: { overlapSeconds: 3600 },
  }),
  revoke: defineOperation({
    id: 'apiKeys.revoke',
    method: 'DELETE',
    path: item,
    summary: 'End a control key of this workspace now',
    params: inKey,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
