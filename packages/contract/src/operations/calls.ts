import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { callFacets, callFacetQuery, callPath } from '../schemas/call-answers.ts';
import { callExplanation } from '../schemas/explanations.ts';
import { tailQuery } from '../schemas/tail.ts';
import { toolCallList, toolCallQuery } from '../schemas/records.ts';

export const calls = {
  list: defineOperation({
    id: 'calls.list',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls',
    summary: 'Search the tool calls of the workspace',
    description:
      'Metadata only: no value of an argument or a result is ever stored. Filters combine freely. Work is bounded: a page may hold fewer rows than `limit`, even none, while `nextCursor` leads on.',
    params: z.strictObject({ workspace: slug }),
    query: toolCallQuery,
    body: null,
    response: toolCallList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  tail: defineOperation({
    id: 'calls.tail',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls/tail',
    summary: 'New calls and changes as they are recorded',
    description:
      'Server-sent events: `ready` when nothing is missed any more, `call` with a call as calls.list has it, `change` with an audit event, `skipped` when more came than could be told, and `end` with a reason when the key ends or the role is lost. Comments are signs of life. Nothing is repeated: after `ready`, calls.list has what was before. A member is told of calls of their own and of no changes, an admin of all. At most five at once per person.',
    params: z.strictObject({ workspace: slug }),
    query: tailQuery,
    body: null,
    response: { media: ['text/event-stream'] },
    status: 200,
    role: 'member',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  explain: defineOperation({
    id: 'calls.explain',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls/{call}/explanation',
    summary: 'Ask the policy of then once more about a recorded call',
    description:
      'The policy version the call names is read, its digest compared with the record, and the call decided again by the same function as then. Works when rules, people and servers are long gone.',
    params: z.strictObject({ workspace: slug, call: id }),
    query: nothing,
    body: null,
    response: callExplanation,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  facets: defineOperation({
    id: 'calls.facets',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls/facets',
    summary: 'Count the calls a search finds, by outcome, server, tool and more',
    description:
      'Exact where the hourly counts know every filter; otherwise counted from rows, and `complete` says whether all were read.',
    params: z.strictObject({ workspace: slug }),
    query: callFacetQuery,
    body: null,
    response: callFacets,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  path: defineOperation({
    id: 'calls.path',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/calls/{call}/path',
    summary: 'The way one call took: who, by which token and rule, to which server, with what end',
    description: 'A member asks about calls of their own, an admin about all.',
    params: z.strictObject({ workspace: slug, call: id }),
    query: nothing,
    body: null,
    response: callPath,
    status: 200,
    role: 'member',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
