import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, slug } from '../schemas/common.ts';
import { toolList, toolQuery } from '../schemas/tools.ts';

export const tools = {
  list: defineOperation({
    id: 'tools.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/tools',
    summary: 'The tools of the servers you may know of, as your clients see them',
    description: 'What `tools/list` would show you, and with it what it would not, and why.',
    params: z.strictObject({ workspace: slug }),
    query: toolQuery,
    body: null,
    response: toolList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  listAs: defineOperation({
    id: 'tools.listAs',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/members/{member}/tools',
    summary: 'The same as a member sees it',
    description: 'Nothing can be done in their name; that it was looked at is on record.',
    params: z.strictObject({ workspace: slug, member: id }),
    query: toolQuery,
    body: null,
    response: toolList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
