import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing } from '../schemas/common.ts';
import { apiKeyIssue, apiKeyIssued, apiKeyList, rotate } from '../schemas/tokens.ts';

const collection = '/api/v1/api-keys';
const item = `${collection}/{key}` as const;
const inKey = z.strictObject({ key: id });

/** Control keys (mnk_…) for the whole instance: every workspace, and what belongs to none. */
export const instanceKeys = {
  issue: defineOperation({
    id: 'instanceKeys.issue',
    method: 'POST',
    path: collection,
    summary: 'Issue a control key (mnk_…) for the whole instance',
    params: nothing,
    query: nothing,
    body: apiKeyIssue,
    response: apiKeyIssued,
    status: 201,
    role: 'owner',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found'],
    example: { email: 'ada@example.com', role: 'admin', label: 'Terraform', expiresInDays: 90 },
  }),
  list: defineOperation({
    id: 'instanceKeys.list',
    method: 'GET',
    path: collection,
    summary: 'List the control keys of the whole instance',
    params: nothing,
    query: nothing,
    body: null,
    response: apiKeyList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  rotate: defineOperation({
    id: 'instanceKeys.rotate',
    method: 'POST',
    path: `${item}/rotate`,
    summary: 'Replace a control key of the instance by a new one',
    params: inKey,
    query: nothing,
    body: rotate,
    response: apiKeyIssued,
    status: 201,
    role: 'owner',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found', 'conflict'],
    example: { overlapSeconds: 3600 },
  }),
  revoke: defineOperation({
    id: 'instanceKeys.revoke',
    method: 'DELETE',
    path: item,
    summary: 'End a control key of the instance now',
    params: inKey,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found'],
  }),
};
