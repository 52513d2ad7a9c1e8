import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { drill, drillList, drillStart } from '../schemas/drills.ts';

const collection = '/api/v1/workspaces/{workspace}/servers/{server}/drills';
const inServer = z.strictObject({ workspace: slug, server: slug });

export const drills = {
  start: defineOperation({
    id: 'drills.start',
    method: 'POST',
    path: collection,
    summary: 'Treat a server as failing for a while, to see who notices',
    description:
      'Calls to it are answered as if it had failed, and nothing is sent to it. Its tools stay listed; it ends by itself.',
    params: inServer,
    query: nothing,
    body: drillStart,
    response: drill,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { seconds: 60 },
  }),
  list: defineOperation({
    id: 'drills.list',
    method: 'GET',
    path: collection,
    summary: 'The drills of a server, newest first, with who was affected',
    params: inServer,
    query: nothing,
    body: null,
    response: drillList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  stop: defineOperation({
    id: 'drills.stop',
    method: 'DELETE',
    path: collection,
    summary: 'End the drill that runs',
    params: inServer,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
