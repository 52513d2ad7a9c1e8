import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { hold, holdList, holdRelease, holdRequest } from '../schemas/retention.ts';

const collection = '/api/v1/workspaces/{workspace}/holds';
const item = `${collection}/{hold}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inHold = z.strictObject({ workspace: slug, hold: id });

export const holds = {
  request: defineOperation({
    id: 'holds.request',
    method: 'POST',
    path: collection,
    summary: 'Ask for a legal hold',
    description:
      'What it is about is not deleted from now on. It lapses after seven days unless a second person confirms it.',
    params: inWorkspace,
    query: nothing,
    body: holdRequest,
    response: hold,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { name: 'Case 12', reason: 'Counsel asked for it', scope: 'workspace', from: '2026-10-01T00:00:00Z' },
  }),
  list: defineOperation({
    id: 'holds.list',
    method: 'GET',
    path: collection,
    summary: 'List the legal holds, newest first, released and lapsed ones included',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: holdList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  confirm: defineOperation({
    id: 'holds.confirm',
    method: 'POST',
    path: `${item}/confirm`,
    summary: 'Confirm a legal hold somebody else has asked for',
    description: 'By another person than who asked, with a key that is older than the request.',
    params: inHold,
    query: nothing,
    body: null,
    response: hold,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
  release: defineOperation({
    id: 'holds.release',
    method: 'POST',
    path: `${item}/release`,
    summary: 'Ask for the release of a legal hold',
    description: 'It goes on until a second person confirms that, within seven days.',
    params: inHold,
    query: nothing,
    body: holdRelease,
    response: hold,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { reason: 'The case is closed' },
  }),
  confirmRelease: defineOperation({
    id: 'holds.confirmRelease',
    method: 'POST',
    path: `${item}/release/confirm`,
    summary: 'Confirm the release of a legal hold somebody else has asked for',
    description: 'By another person than who asked for the release, with a key that is older than that.',
    params: inHold,
    query: nothing,
    body: null,
    response: hold,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
};
