import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { email, nothing, slug } from '../schemas/common.ts';
import { erasure, erasureRequest } from '../schemas/people.ts';
import { link, sessionList, sessionsEnded } from '../schemas/sessions.ts';

const what =
  'Removes the person, and blanks email and name in the directory, invitations and audit events. Calls keep an id that names nobody, and every proof stays valid. Refused for the last owner and under a legal hold. It cannot be undone.';

const ofPerson = '/api/v1/people/{email}';
const inPerson = z.strictObject({ email });

const example = { person: 'cy@example.com', dryRun: true };

export const people = {
  erase: defineOperation({
    id: 'people.erase',
    method: 'POST',
    path: '/api/v1/workspaces/{workspace}/erasures',
    summary: 'Erase a person from the workspace, or say what that would blank',
    description: what,
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: erasureRequest,
    response: erasure,
    status: 200,
    role: 'owner',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example,
  }),
  eraseEverywhere: defineOperation({
    id: 'people.eraseEverywhere',
    method: 'POST',
    path: '/api/v1/erasures',
    summary: 'Erase a person from the whole instance, or say what that would blank',
    description: what,
    params: nothing,
    query: nothing,
    body: erasureRequest,
    response: erasure,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found', 'conflict'],
    example,
  }),
  resetLink: defineOperation({
    id: 'people.resetLink',
    method: 'POST',
    path: `${ofPerson}/reset-link`,
    summary: 'Make a link by which a person sets a new password',
    description:
      'It works once, within a day. MCPNest sends no e-mail: hand the link to the person yourself. Earlier ones for them end.',
    params: inPerson,
    query: nothing,
    body: null,
    response: link,
    status: 201,
    role: 'owner',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found'],
  }),
  sessions: defineOperation({
    id: 'people.sessions',
    method: 'GET',
    path: `${ofPerson}/sessions`,
    summary: 'List where a person is signed in',
    params: inPerson,
    query: nothing,
    body: null,
    response: sessionList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found'],
  }),
  endSessions: defineOperation({
    id: 'people.endSessions',
    method: 'DELETE',
    path: `${ofPerson}/sessions`,
    summary: 'End all sessions of a person now',
    params: inPerson,
    query: nothing,
    body: null,
    response: sessionsEnded,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found'],
  }),
};
