import { defineOperation } from '../operation.ts';
import { nothing } from '../schemas/common.ts';
import { keyRotation, proofKey, proofKeyList } from '../schemas/proofs.ts';

export const proofKeys = {
  list: defineOperation({
    id: 'proofKeys.list',
    method: 'GET',
    path: '/api/v1/audit/keys',
    summary: 'List the public keys that sign checkpoints, with their history',
    params: nothing,
    query: nothing,
    body: null,
    response: proofKeyList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  rotate: defineOperation({
    id: 'proofKeys.rotate',
    method: 'POST',
    path: '/api/v1/audit/keys/rotate',
    summary: 'Sign checkpoints with a new key from now on',
    description: 'The rotation is signed by the key before and by the new one.',
    params: nothing,
    query: nothing,
    body: keyRotation,
    response: proofKey,
    status: 201,
    role: 'owner',
    scope: 'instance',
    errors: ['conflict'],
    example: {},
  }),
};
