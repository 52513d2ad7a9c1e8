import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { connectionList } from '../schemas/connections.ts';

export const connections = {
  list: defineOperation({
    id: 'connections.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/connections',
    summary: 'Which clients have come, with which token, and whether they know the present tools',
    description:
      'The newest 500 of the last 30 days whose token still lives. A member sees those of their own tokens and of machines they own, an admin all.',
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: null,
    response: connectionList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
