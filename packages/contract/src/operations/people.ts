import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { erasure, erasureRequest } from '../schemas/people.ts';

const what =
  'Removes the person, and blanks email and name in the directory, invitations and audit events. Calls keep an id that names nobody, and every proof stays valid. Refused for the last owner and under a legal hold. It cannot be undone.';

const example = { person: 'cy@example.com', dryRun: true };

export const people = {
  erase: defineOperation({
    id: 'people.erase',
    method: 'POST',
    path: '/api/v1/workspaces/{workspace}/erasures',
    summary: 'Erase a person from the workspace, or say what that would blank',
    description: what,
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: erasureRequest,
    response: erasure,
    status: 200,
    role: 'owner',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example,
  }),
  eraseEverywhere: defineOperation({
    id: 'people.eraseEverywhere',
    method: 'POST',
    path: '/api/v1/erasures',
    summary: 'Erase a person from the whole instance, or say what that would blank',
    description: what,
    params: nothing,
    query: nothing,
    body: erasureRequest,
    response: erasure,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found', 'conflict'],
    example,
  }),
};
