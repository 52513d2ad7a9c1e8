import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { auditEventList, auditEventQuery } from '../schemas/records.ts';

export const auditEvents = {
  list: defineOperation({
    id: 'auditEvents.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit-events',
    summary: 'List what was changed, read and refused in the workspace, newest first',
    description:
      'Each event says where the chain of the journal has it, and whether its row still is what was written there. Readings and refusals are one event of an actor, operation and minute, with a count.',
    params: z.strictObject({ workspace: slug }),
    query: auditEventQuery,
    body: null,
    response: auditEventList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  listAll: defineOperation({
    id: 'auditEvents.listAll',
    method: 'GET',
    path: '/api/v1/audit-events',
    summary: 'List what was changed, read and refused in the whole instance, newest first',
    params: nothing,
    query: auditEventQuery,
    body: null,
    response: auditEventList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    watched: true,
    errors: [],
  }),
};
