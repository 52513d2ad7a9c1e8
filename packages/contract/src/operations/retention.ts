import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { retention as shown, retentionSet } from '../schemas/retention.ts';

const path = '/api/v1/workspaces/{workspace}/retention';
const inWorkspace = z.strictObject({ workspace: slug });

export const retention = {
  show: defineOperation({
    id: 'retention.show',
    method: 'GET',
    path,
    summary: 'Show how long records are kept, what would go, and what was last deleted or held',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: shown,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  set: defineOperation({
    id: 'retention.set',
    method: 'PUT',
    path,
    summary: 'Set how long records are kept',
    description:
      'A longer term counts at once. A shorter one takes effect after seven days; until then setting the longer one again undoes it.',
    params: inWorkspace,
    query: nothing,
    body: retentionSet,
    response: shown,
    status: 200,
    role: 'owner',
    scope: 'workspace',
    errors: ['not_found'],
    example: { days: 365 },
  }),
};
