import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { accessQuery, accessReport } from '../schemas/access.ts';
import { slug } from '../schemas/common.ts';

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
};
