import { defineOperation } from '../operation.ts';
import { nothing } from '../schemas/common.ts';
import { session, setupFinish, setupState } from '../schemas/sessions.ts';

const path = '/api/v1/setup';

/** The first owner of an instance. */
export const setup = {
  show: defineOperation({
    id: 'setup.show',
    method: 'GET',
    path,
    summary: 'Whether this instance still needs an owner who can sign in',
    params: nothing,
    query: nothing,
    body: null,
    response: setupState,
    status: 200,
    role: 'anyone',
    scope: 'instance',
    errors: [],
  }),
  finish: defineOperation({
    id: 'setup.finish',
    method: 'POST',
    path,
    summary: 'Become the first owner with the set-up link, and sign in',
    description:
      'The link is printed by `mcpnest start` and `mcpnest setup link`. It works once, and not at all once an owner can sign in.',
    params: nothing,
    query: nothing,
    body: setupFinish,
    response: session,
    status: 201,
    role: 'anyone',
    scope: 'instance',
    errors: ['already_exists'],
    example: {
      key: 'x'.repeat(43),
      email: 'ada@example.com',
      name: 'Ada',
      password: 'a long and private one',
    },
  }),
};
