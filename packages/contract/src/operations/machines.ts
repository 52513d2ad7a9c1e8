import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { machine, machineCreate, machineList, machineUpdate } from '../schemas/machines.ts';

const collection = '/api/v1/workspaces/{workspace}/machines';
const item = `${collection}/{machine}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inMachine = z.strictObject({ workspace: slug, machine: id });

/** Agents, CI and other programs. Their tokens are issued with `tokens.issue`, kind `machine`. */
export const machines = {
  create: defineOperation({
    id: 'machines.create',
    method: 'POST',
    path: collection,
    summary: 'Create a machine',
    params: inWorkspace,
    query: nothing,
    body: machineCreate,
    response: machine,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'already_exists'],
    example: { name: 'Nightly build', ownerId: '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11' },
  }),
  list: defineOperation({
    id: 'machines.list',
    method: 'GET',
    path: collection,
    summary: 'List the machines',
    description: 'A member sees the machines they own, an admin all.',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: machineList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  show: defineOperation({
    id: 'machines.show',
    method: 'GET',
    path: item,
    summary: 'Show a machine',
    description: 'For a member a machine they do not own does not exist.',
    params: inMachine,
    query: nothing,
    body: null,
    response: machine,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  update: defineOperation({
    id: 'machines.update',
    method: 'PATCH',
    path: item,
    summary: 'Rename a machine, name another owner, or switch it on or off',
    description: 'Switching off bites at once. Naming an owner who is a member ends a suspension.',
    params: inMachine,
    query: nothing,
    body: machineUpdate,
    response: machine,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'already_exists'],
    example: { enabled: false },
  }),
  remove: defineOperation({
    id: 'machines.remove',
    method: 'DELETE',
    path: item,
    summary: 'Remove a machine',
    description: 'Ends its tokens at once.',
    params: inMachine,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
