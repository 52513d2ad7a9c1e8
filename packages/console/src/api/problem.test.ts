import { ApiError } from '@mcpnest/contract/caller';
import { expect, it } from 'vitest';
import { problemOf } from './problem.ts';

const refusal = new ApiError({
  ...{ type: '/docs#invalid_input', title: 'Invalid request', status: 400, code: 'invalid_input', retryable: false },
  detail: 'body.email must be an email address; body.password is required.',
  requestId: 'r',
  issues: [
    { path: 'body.email', message: 'must be an email address' },
    { path: 'body.password', message: 'is required' },
  ],
});

it('says what is wrong with which field by the name it has in the form', () => {
  const { errors, detail } = problemOf(refusal);
  expect(errors).toEqual({ email: 'must be an email address', password: 'is required' });
  expect(detail).toBe('email must be an email address; password is required.');
});

it('leaves a field of the address where it is', () => {
  const issues = [{ path: 'params.workspace', message: 'is required' }];
  expect(problemOf(new ApiError({ ...refusal.problem, issues })).errors).toEqual({ 'params.workspace': 'is required' });
});

it('says of a passkey that was not given that nothing has changed, and asks for no reload', () => {
  const declined = new DOMException('The operation either timed out or was not allowed.', 'NotAllowedError');
  expect(problemOf(declined)).toMatchObject({ code: 'not_given', title: 'No passkey was given', retryable: false });
});
