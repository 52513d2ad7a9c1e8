import { defineOperation } from '../operation.ts';
import { nothing } from '../schemas/common.ts';
import { instance as instanceSchema } from '../schemas/records.ts';

export const instance = {
  show: defineOperation({
    id: 'instance.show',
    method: 'GET',
    path: '/api/v1/instance',
    summary: 'Show the version and size of this instance',
    params: nothing,
    query: nothing,
    body: null,
    response: instanceSchema,
    status: 200,
    role: 'member',
    scope: 'instance',
    errors: [],
  }),
};
