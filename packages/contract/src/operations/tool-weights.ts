import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { slug } from '../schemas/common.ts';
import { toolWeights as report, toolWeightsQuery } from '../schemas/tool-weights.ts';

export const toolWeights = {
  show: defineOperation({
    id: 'toolWeights.show',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/tool-weights',
    summary: 'What the list of tools weighs, and what searching would',
    description:
      'Of the tools that somebody may use: a member, a machine or a team by name; nobody named, of all that a workspace token may use. A member asks about themself, which is also meant where they name nobody.',
    params: z.strictObject({ workspace: slug }),
    query: toolWeightsQuery,
    body: null,
    response: report,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
