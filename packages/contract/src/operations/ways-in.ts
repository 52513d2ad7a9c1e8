import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing } from '../schemas/common.ts';
import {
  passkey,
  passkeyAdd,
  passkeyList,
  passkeyOptions,
  passwordChange,
  passwordReset as reset,
  session,
} from '../schemas/sessions.ts';

/** The password of the person who asks. */
export const password = {
  change: defineOperation({
    id: 'password.change',
    method: 'PUT',
    path: '/api/v1/password',
    summary: 'Change or set your password',
    description: 'Ends your other sessions. Takes the present password; where there is none, a recent sign-in.',
    params: nothing,
    query: nothing,
    body: passwordChange,
    response: null,
    status: 204,
    role: 'signed-in',
    scope: 'instance',
    errors: ['reauthentication_required'],
    example: { current: 'a long and private one', next: 'another that nobody knows' },
  }),
};

const path = '/api/v1/passkeys';

/** The passkeys of the person who asks (W3C Web Authentication). */
export const passkeys = {
  list: defineOperation({
    id: 'passkeys.list',
    method: 'GET',
    path,
    summary: 'List your passkeys',
    params: nothing,
    query: nothing,
    body: null,
    response: passkeyList,
    status: 200,
    role: 'signed-in',
    scope: 'instance',
    errors: [],
  }),
  options: defineOperation({
    id: 'passkeys.options',
    method: 'POST',
    path: `${path}/options`,
    summary: 'Begin to add a passkey',
    description: 'The challenge can be answered once, within five minutes.',
    params: nothing,
    query: nothing,
    body: z.strictObject({}),
    response: passkeyOptions,
    status: 200,
    role: 'signed-in',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'conflict'],
    example: {},
  }),
  add: defineOperation({
    id: 'passkeys.add',
    method: 'POST',
    path,
    summary: 'Add a passkey',
    description: 'Ends your other sessions.',
    params: nothing,
    query: nothing,
    body: passkeyAdd,
    response: passkey,
    status: 201,
    role: 'signed-in',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'conflict', 'already_exists'],
    example: {
      name: 'Laptop',
      response: { id: 'rOcl9rQ', response: { clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0' } },
    },
  }),
  remove: defineOperation({
    id: 'passkeys.remove',
    method: 'DELETE',
    path: `${path}/{passkey}`,
    summary: 'Remove a passkey',
    description: 'Ends your other sessions. The last way to sign in cannot be removed.',
    params: z.strictObject({ passkey: id }),
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'signed-in',
    scope: 'instance',
    recentSignIn: true,
    errors: ['reauthentication_required', 'not_found', 'conflict'],
  }),
};

export const passwordReset = {
  create: defineOperation({
    id: 'passwordReset.create',
    method: 'POST',
    path: '/api/v1/password-reset',
    summary: 'Set a new password with a reset link, and sign in',
    description: 'The link works once. It ends all sessions the person had.',
    params: nothing,
    query: nothing,
    body: reset,
    response: session,
    status: 201,
    role: 'anyone',
    scope: 'instance',
    errors: ['conflict'],
    example: { key: 'x'.repeat(43), password: 'another that nobody knows' },
  }),
};
