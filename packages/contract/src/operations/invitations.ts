import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import { acceptInConsole, session } from '../schemas/sessions.ts';
import {
  invitationAccept,
  invitationAccepted,
  invitationCreate,
  invitationCreated,
  invitationList,
} from '../schemas/invitations.ts';

const collection = '/api/v1/workspaces/{workspace}/invitations';
const inWorkspace = z.strictObject({ workspace: slug });
const inInvitation = z.strictObject({ workspace: slug, invitation: id });

export const invitations = {
  create: defineOperation({
    id: 'invitations.create',
    method: 'POST',
    path: collection,
    summary: 'Invite a person',
    description:
      'MCPNest sends no e-mail: hand the secret to the person yourself. It works once. Nobody can invite to a role above their own.',
    params: inWorkspace,
    query: nothing,
    body: invitationCreate,
    response: invitationCreated,
    status: 201,
    role: 'admin',
    scope: 'workspace',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found', 'already_exists'],
    example: { email: 'cy@example.com', role: 'member', teams: ['payments'], expiresInDays: 7 },
  }),
  list: defineOperation({
    id: 'invitations.list',
    method: 'GET',
    path: collection,
    summary: 'List the invitations, those no longer open included',
    params: inWorkspace,
    query: nothing,
    body: null,
    response: invitationList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  revoke: defineOperation({
    id: 'invitations.revoke',
    method: 'DELETE',
    path: `${collection}/{invitation}`,
    summary: 'End an invitation now',
    description: 'Ending one that is not open any more changes nothing, unless it was accepted.',
    params: inInvitation,
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
  accept: defineOperation({
    id: 'invitations.accept',
    method: 'POST',
    path: '/api/v1/invitations/accept',
    summary: 'Accept an invitation: become a member and get a first control key',
    description: 'Send the secret of the invitation as `Authorization: Bearer mni_…`. It works once.',
    params: nothing,
    query: nothing,
    body: invitationAccept,
    response: invitationAccepted,
    status: 201,
    role: 'invited',
    scope: 'instance',
    errors: ['already_exists'],
    example: { name: 'Cy' },
  }),
  acceptInConsole: defineOperation({
    id: 'invitations.acceptInConsole',
    method: 'POST',
    path: '/api/v1/invitations/accept-in-console',
    summary: 'Accept an invitation and sign in',
    description:
      'Whoever is new chooses a password. Whoever has an account gives the password of it, so that an invitation takes over nobody.',
    params: nothing,
    query: nothing,
    body: acceptInConsole,
    response: session,
    status: 201,
    role: 'anyone',
    scope: 'instance',
    errors: ['already_exists', 'conflict'],
    example: { secret: `mni_${'0'.repeat(48)}`, name: 'Cy', password: 'a long and private one' },
  }),
};
