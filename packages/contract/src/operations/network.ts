import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing } from '../schemas/common.ts';
import { networkAllow, networkEntry, networkList, networkTarget } from '../schemas/network.ts';

const collection = '/api/v1/network/allow';

export const network = {
  allow: defineOperation({
    id: 'network.allow',
    method: 'POST',
    path: collection,
    summary: 'Open one private or loopback address for upstreams',
    description:
      'Exactly this host and port, as it stands in the server URL; never a range. Only an owner of the instance can.',
    params: nothing,
    query: nothing,
    body: networkAllow,
    response: networkEntry,
    status: 201,
    role: 'owner',
    scope: 'instance',
    errors: ['already_exists'],
    example: { target: '127.0.0.1:9101', note: 'Demo server on this machine' },
  }),
  list: defineOperation({
    id: 'network.list',
    method: 'GET',
    path: collection,
    summary: 'List the opened addresses',
    params: nothing,
    query: nothing,
    body: null,
    response: networkList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  revoke: defineOperation({
    id: 'network.revoke',
    method: 'DELETE',
    path: `${collection}/{target}`,
    summary: 'Close an opened address',
    params: z.strictObject({ target: networkTarget }),
    query: nothing,
    body: null,
    response: null,
    status: 204,
    role: 'owner',
    scope: 'instance',
    errors: ['not_found'],
  }),
};
