import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { workspace, workspaceCreate, workspaceList, workspaceUpdate } from '../schemas/workspaces.ts';

const collection = '/api/v1/workspaces';
const item = `${collection}/{workspace}` as const;
const inWorkspace = z.strictObject({ workspace: slug });

export const workspaces = {
  create: defineOperation({
    id: 'workspaces.create',
    method: 'POST',
    path: collection,
    summary: 'Create a workspace',
    description: 'The person whose key is used becomes its first owner.',
    params: nothing,
    query: nothing,
    body: workspaceCreate,
    response: workspace,
    status: 201,
    role: 'admin',
    scope: 'instance',
    errors: ['already_exists'],
    example: { name: 'Acme', slug: 'acme' },
  }),
  list: defineOperation({
    id: 'workspaces.list',
    method: 'GET',
    path: collection,
    summary: 'List all workspaces',
    description: 'A person who is signed in and has no role for the instance gets those they are a member of.',
    params: nothing,
    query: nothing,
    body: null,
    response: workspaceList,
    status: 200,
    role: 'member',
    scope: 'instance',
    ownPart: true,
    errors: [],
  }),
  show: defineOperation({
    id: 'workspaces.show',
    method: 'GET',
    path: item,
    summary: 'Show a workspace',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: workspace,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  update: defineOperation({
    id: 'workspaces.update',
    method: 'PATCH',
    path: item,
    summary: 'Change the name or settings of a workspace',
    params: inWorkspace,
    query: nothing,
    body: workspaceUpdate,
    response: workspace,
    status: 200,
    role: 'owner',
    scope: 'workspace',
    errors: ['not_found'],
    example: { settings: { auditMode: 'strict', retentionDays: 365 } },
  }),
};
