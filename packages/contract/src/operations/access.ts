import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { accessAsOf, accessAsOfQuery, accessChanges, accessChangesQuery } from '../schemas/access-history.ts';
import { accessQuery, accessReport } from '../schemas/access.ts';
import { slug } from '../schemas/common.ts';
import { matrix, matrixQuery } from '../schemas/tools.ts';

export const access = {
  explain: defineOperation({
    id: 'access.explain',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/access',
    summary: 'What somebody may call, and why',
    description:
      'A member asks about themself, an admin about anybody. A server that is hidden from a member is not in the answer to them.',
    params: z.strictObject({ workspace: slug }),
    query: accessQuery,
    body: null,
    response: accessReport,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  matrix: defineOperation({
    id: 'access.matrix',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/access/matrix',
    summary: 'Who may call how much of what: members, teams or machines by servers, or by the tools of one',
    description:
      'Decided now by the policy that decides calls. In pages both ways. A team stands for who is in it and has nothing of their own.',
    params: z.strictObject({ workspace: slug }),
    query: matrixQuery,
    body: null,
    response: matrix,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  asOf: defineOperation({
    id: 'access.asOf',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/access/as-of',
    summary: 'Who could call what at a moment, and why',
    description:
      'Decided by the policy that was in force then, for everybody who had a token that worked then. Goes as far back as policies are kept, which is as far as calls are.',
    params: z.strictObject({ workspace: slug }),
    query: accessAsOfQuery,
    body: null,
    response: accessAsOf,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  changes: defineOperation({
    id: 'access.changes',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/access/changes',
    summary: 'Who came to be able, or unable, to call what between two moments',
    description: 'What is the same at both moments is left out, whatever happened in between; audit events have that.',
    params: z.strictObject({ workspace: slug }),
    query: accessChangesQuery,
    body: null,
    response: accessChanges,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
