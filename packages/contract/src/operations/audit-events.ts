import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { auditEventList, auditEventQuery } from '../schemas/records.ts';

export const auditEvents = {
  list: defineOperation({
    id: 'auditEvents.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit-events',
    summary: 'List the changes made in the workspace, newest first',
    params: z.strictObject({ workspace: slug }),
    query: auditEventQuery,
    body: null,
    response: auditEventList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  listAll: defineOperation({
    id: 'auditEvents.listAll',
    method: 'GET',
    path: '/api/v1/audit-events',
    summary: 'List the changes made in the whole instance, newest first',
    params: nothing,
    query: auditEventQuery,
    body: null,
    response: auditEventList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
};
