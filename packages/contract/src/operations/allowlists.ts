import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { allowlist, allowlistReplace } from '../schemas/rules.ts';

const path = '/api/v1/workspaces/{workspace}/members/{member}/allowlist';
const params = z.strictObject({ workspace: slug, member: id });

/** A member's own allow rules as one list. */
export const allowlists = {
  show: defineOperation({
    id: 'allowlists.show',
    method: 'GET',
    path,
    summary: 'The allowlist of a member',
    params,
    query: nothing,
    body: null,
    response: allowlist,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  replace: defineOperation({
    id: 'allowlists.replace',
    method: 'PUT',
    path,
    summary: 'Replace the allowlist of a member',
    description:
      'The member’s own allow rules become exactly these, without an end. Rules of their teams and for everybody stay.',
    params,
    query: nothing,
    body: allowlistReplace,
    response: allowlist,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { entries: ['github-mcp:list_issues', 'grafana:get_dashboard'] },
  }),
  remove: defineOperation({
    id: 'allowlists.remove',
    method: 'DELETE',
    path,
    summary: 'Delete the allowlist of a member',
    description: 'In an open workspace a member without any rule has full access.',
    params,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
