import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { review, reviewDecision, reviewQuery } from '../schemas/pins.ts';

const path = '/api/v1/workspaces/{workspace}/servers/{server}/review';
const params = z.strictObject({ workspace: slug, server: slug });
const example = {
  tools: [{ tool: 'list_issues', hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }],
};

export const reviews = {
  show: defineOperation({
    id: 'reviews.show',
    method: 'GET',
    path,
    summary: 'What a server’s tools say now, against what was approved',
    description:
      'Works whether or not the server is pinned, so that everything can be approved before pinning is turned on.',
    params,
    query: reviewQuery,
    body: null,
    response: review,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  approve: defineOperation({
    id: 'reviews.approve',
    method: 'POST',
    path: `${path}/approve`,
    summary: 'Approve definitions as they are now',
    description: 'All or none: a definition that is not the one that was looked at is a conflict.',
    params,
    query: nothing,
    body: reviewDecision,
    response: review,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example,
  }),
  refuse: defineOperation({
    id: 'reviews.refuse',
    method: 'POST',
    path: `${path}/refuse`,
    summary: 'Refuse definitions as they are now',
    description:
      'They stay held back and wait no longer. What was approved before stays approved: should the server go back to it, it is served again. Refusing the approved definition withdraws the approval.',
    params,
    query: nothing,
    body: reviewDecision,
    response: review,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example,
  }),
};
