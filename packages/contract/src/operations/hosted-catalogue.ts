import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { hostedCatalogue as catalogue } from '../schemas/hosted.ts';

export const hostedCatalogue = {
  list: defineOperation({
    id: 'hostedCatalogue.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/hosted-catalogue',
    summary: 'List the servers that can be hosted',
    description: 'With the variables each asks for, and what is in the way of deploying it.',
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: null,
    response: catalogue,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
