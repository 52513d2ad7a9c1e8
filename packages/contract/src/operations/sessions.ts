import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing } from '../schemas/common.ts';
import { sessionList, sessionsEnded } from '../schemas/sessions.ts';

const path = '/api/v1/sessions';

/** All sessions of the person who asks. */
export const sessions = {
  list: defineOperation({
    id: 'sessions.list',
    method: 'GET',
    path,
    summary: 'List where you are signed in',
    params: nothing,
    query: nothing,
    body: null,
    response: sessionList,
    status: 200,
    role: 'signed-in',
    scope: 'instance',
    errors: [],
  }),
  revoke: defineOperation({
    id: 'sessions.revoke',
    method: 'DELETE',
    path: `${path}/{session}`,
    summary: 'End one of your sessions now',
    params: z.strictObject({ session: id }),
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'signed-in',
    scope: 'instance',
    errors: ['not_found'],
  }),
  revokeOthers: defineOperation({
    id: 'sessions.revokeOthers',
    method: 'DELETE',
    path,
    summary: 'End all of your sessions but this one',
    params: nothing,
    query: nothing,
    body: null,
    response: sessionsEnded,
    status: 200,
    role: 'signed-in',
    scope: 'instance',
    errors: [],
  }),
};
