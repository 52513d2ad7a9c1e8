import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { importApply, importResult } from '../schemas/imports.ts';

export const imports = {
  apply: defineOperation({
    id: 'imports.apply',
    method: 'POST',
    path: '/api/v1/workspaces/{workspace}/imports',
    summary: 'Add many servers with their credentials, as a client has them',
    description:
      'Sending the same again adds nothing: a server that is there with the same address is left alone, its credential too.',
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: importApply,
    response: importResult,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: {
      servers: [
        {
          name: 'GitHub',
          url: 'https://api.githubcopilot.com/mcp/',
          credential: { headers: { Authorization: 'Bearer the token of the upstream' } },
        },
      ],
    },
  }),
};
