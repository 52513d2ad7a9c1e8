import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { stop, stopCreate, stopList } from '../schemas/stops.ts';

const collection = '/api/v1/workspaces/{workspace}/stops';
const inWorkspace = z.strictObject({ workspace: slug });

export const stops = {
  create: defineOperation({
    id: 'stops.create',
    method: 'POST',
    path: collection,
    summary: 'Stop a member, machine, token, server or tool at once',
    description:
      'Comes before every rule and binds workspace tokens, too. Calls that run are cut and streams end within a second.',
    params: inWorkspace,
    query: nothing,
    body: stopCreate,
    response: stop,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'already_exists', 'conflict'],
    example: { target: 'machine:nightly', reason: 'It deletes what it should read', expiresInMinutes: 60 },
  }),
  list: defineOperation({
    id: 'stops.list',
    method: 'GET',
    path: collection,
    summary: 'List what is stopped, oldest first',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: stopList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  remove: defineOperation({
    id: 'stops.remove',
    method: 'DELETE',
    path: `${collection}/{stop}`,
    summary: 'Lift a stop',
    params: z.strictObject({ workspace: slug, stop: id }),
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
