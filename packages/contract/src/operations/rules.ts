import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { rule, ruleCreate, ruleList, ruleQuery, ruleUpdate } from '../schemas/rules.ts';

const collection = '/api/v1/workspaces/{workspace}/rules';
const item = `${collection}/{rule}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const ofRule = z.strictObject({ workspace: slug, rule: id });

export const rules = {
  create: defineOperation({
    id: 'rules.create',
    method: 'POST',
    path: collection,
    summary: 'Allow or deny somebody something',
    description:
      'Of the same effect, subject and object there is one rule. An allow rule that reaches more than reading ends after 90 days unless told otherwise.',
    params: inWorkspace,
    query: nothing,
    body: ruleCreate,
    response: rule,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'already_exists', 'conflict'],
    example: { effect: 'allow', subject: 'team:juniors', object: 'github-mcp:list_issues', note: 'read only' },
  }),
  list: defineOperation({
    id: 'rules.list',
    method: 'GET',
    path: collection,
    summary: 'List the rules',
    description: 'Oldest first, expired ones included.',
    params: inWorkspace,
    query: ruleQuery,
    body: null,
    response: ruleList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  show: defineOperation({
    id: 'rules.show',
    method: 'GET',
    path: item,
    summary: 'Show a rule',
    params: ofRule,
    query: nothing,
    body: null,
    response: rule,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  update: defineOperation({
    id: 'rules.update',
    method: 'PATCH',
    path: item,
    summary: 'Change the note or the end of a rule',
    description: 'Whom and what it names never changes: delete it and make another.',
    params: ofRule,
    query: nothing,
    body: ruleUpdate,
    response: rule,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
    example: { expiresInDays: 30 },
  }),
  remove: defineOperation({
    id: 'rules.remove',
    method: 'DELETE',
    path: item,
    summary: 'Delete a rule',
    description: 'In an open workspace a member whose last allow rule is deleted has full access again.',
    params: ofRule,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};
