import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { serverToolList, toolClassify } from '../schemas/access.ts';
import { nothing, slug } from '../schemas/common.ts';

const path = '/api/v1/workspaces/{workspace}/servers/{server}/tools';
const params = z.strictObject({ workspace: slug, server: slug });

export const serverTools = {
  list: defineOperation({
    id: 'serverTools.list',
    method: 'GET',
    path,
    summary: 'The tools of a server and their classes',
    params,
    query: nothing,
    body: null,
    response: serverToolList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  classify: defineOperation({
    id: 'serverTools.classify',
    method: 'PATCH',
    path,
    summary: 'Say what tools do: read, write or destructive',
    description: 'Only the tools that are named change. A tool may be named before the server lists it.',
    params,
    query: nothing,
    body: toolClassify,
    response: serverToolList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { classes: [{ tool: 'list_issues', class: 'read' }] },
  }),
};
