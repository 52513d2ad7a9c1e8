import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { slug } from '../schemas/common.ts';
import { impact, impactQuery, searchQuery, searchResult } from '../schemas/console.ts';

const params = z.strictObject({ workspace: slug });

export const search = {
  find: defineOperation({
    id: 'search.find',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/search',
    summary: 'Find servers, tools, people, teams, machines and tokens by their names',
    description: 'Each is found by whoever may see it: a member finds what is shown to them and what is their own.',
    params,
    query: searchQuery,
    body: null,
    response: searchResult,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
};

export const impacts = {
  show: defineOperation({
    id: 'impacts.show',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/impact',
    summary: 'Who would notice if something were removed: people, machines, tools and calls of the last day',
    params,
    query: impactQuery,
    body: null,
    response: impact,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
