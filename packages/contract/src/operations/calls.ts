import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { callExplanation } from '../schemas/explanations.ts';
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
  explain: defineOperation({
    id: 'calls.explain',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls/{call}/explanation',
    summary: 'Ask the policy of then once more about a recorded call',
    description:
      'The policy version the call names is read, its digest compared with the record, and the call decided again by the same function as then. Works when rules, people and servers are long gone.',
    params: z.strictObject({ workspace: slug, call: id }),
    query: nothing,
    body: null,
    response: callExplanation,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
