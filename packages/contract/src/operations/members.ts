import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { member, memberAdd, memberList, memberUpdate } from '../schemas/members.ts';

const collection = '/api/v1/workspaces/{workspace}/members';
const item = `${collection}/{member}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inMember = z.strictObject({ workspace: slug, member: id });

export const members = {
  add: defineOperation({
    id: 'members.add',
    method: 'POST',
    path: collection,
    summary: 'Add a person to the workspace',
    description: 'Nobody can give a role above their own.',
    params: inWorkspace,
    query: nothing,
    body: memberAdd,
    response: member,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'already_exists'],
    example: { email: 'cy@example.com', name: 'Cy', role: 'member' },
  }),
  list: defineOperation({
    id: 'members.list',
    method: 'GET',
    path: collection,
    summary: 'List the people of the workspace',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: memberList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  update: defineOperation({
    id: 'members.update',
    method: 'PATCH',
    path: item,
    summary: "Change a member's role",
    description: 'The last owner stays an owner. Nobody can change someone above them or give a role above their own.',
    params: inMember,
    query: nothing,
    body: memberUpdate,
    response: member,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { role: 'admin' },
  }),
  remove: defineOperation({
    id: 'members.remove',
    method: 'DELETE',
    path: item,
    summary: 'Remove a person from the workspace',
    description:
      "Ends the member's tokens and control keys in this workspace at once. The last owner cannot be removed.",
    params: inMember,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
};
