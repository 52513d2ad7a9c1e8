import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, slug } from '../schemas/common.ts';
import { serverTimelineQuery, timeline, timelineQuery } from '../schemas/timelines.ts';

const workspace = '/api/v1/workspaces/{workspace}';

export const timelines = {
  member: defineOperation({
    id: 'timelines.member',
    method: 'GET',
    path: `${workspace}/members/{member}/timeline`,
    summary: 'What a person was given, lost and called',
    description: 'A member asks about themself, an admin about anybody, also about who was removed.',
    params: z.strictObject({ workspace: slug, member: id }),
    query: timelineQuery,
    body: null,
    response: timeline,
    status: 200,
    role: 'member',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  machine: defineOperation({
    id: 'timelines.machine',
    method: 'GET',
    path: `${workspace}/machines/{machine}/timeline`,
    summary: 'What a machine was given, lost and called',
    params: z.strictObject({ workspace: slug, machine: id }),
    query: timelineQuery,
    body: null,
    response: timeline,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
  server: defineOperation({
    id: 'timelines.server',
    method: 'GET',
    path: `${workspace}/servers/{server}/timeline`,
    summary: 'What became of a server or one of its tools: changes, health, decisions, calls',
    params: z.strictObject({ workspace: slug, server: slug }),
    query: serverTimelineQuery,
    body: null,
    response: timeline,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found'],
  }),
};
