import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import {
  accessGrant,
  accessRefuse,
  accessRequest,
  accessRequestCreate,
  accessRequestList,
  accessRequestQuery,
} from '../schemas/access.ts';
import { id, nothing, slug } from '../schemas/common.ts';

const collection = '/api/v1/workspaces/{workspace}/access-requests';
const inWorkspace = z.strictObject({ workspace: slug });
const ofRequest = z.strictObject({ workspace: slug, request: id });

export const accessRequests = {
  create: defineOperation({
    id: 'accessRequests.create',
    method: 'POST',
    path: collection,
    summary: 'Ask for access to a tool',
    params: inWorkspace,
    query: nothing,
    body: accessRequestCreate,
    response: accessRequest,
    status: 201,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'already_exists', 'conflict'],
    example: { object: 'github-mcp:create_issue', reason: 'Filing the release checklist', days: 7 },
  }),
  list: defineOperation({
    id: 'accessRequests.list',
    method: 'GET',
    path: collection,
    summary: 'List requests for access',
    description: 'A member sees their own, an admin all. Newest first, at most 500.',
    params: inWorkspace,
    query: accessRequestQuery,
    body: null,
    response: accessRequestList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  grant: defineOperation({
    id: 'accessRequests.grant',
    method: 'POST',
    path: `${collection}/{request}/grant`,
    summary: 'Grant a request with a rule that ends',
    params: ofRequest,
    query: nothing,
    body: accessGrant,
    response: accessRequest,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { days: 3 },
  }),
  refuse: defineOperation({
    id: 'accessRequests.refuse',
    method: 'POST',
    path: `${collection}/{request}/refuse`,
    summary: 'Refuse a request with a reason',
    params: ofRequest,
    query: nothing,
    body: accessRefuse,
    response: accessRequest,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { reason: 'The on-call team does this.' },
  }),
};
