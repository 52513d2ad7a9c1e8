import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { slug } from '../schemas/common.ts';
import { toolCallList, toolCallQuery } from '../schemas/records.ts';

export const calls = {
  list: defineOperation({
    id: 'calls.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls',
    summary: 'List the tool calls of the workspace, newest first',
    description: 'Metadata only: no value of an argument or a result is ever stored.',
    params: z.strictObject({ workspace: slug }),
    query: toolCallQuery,
    body: null,
    response: toolCallList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
