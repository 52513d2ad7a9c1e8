import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing } from '../schemas/common.ts';
import { auditStatus, checkpointTarget, checkpointTargetList, targetCreate, targetTest } from '../schemas/proofs.ts';

const collection = '/api/v1/audit/checkpoint-targets';
const one = { params: z.strictObject({ id }), query: nothing, role: 'owner', scope: 'instance' } as const;

export const checkpointTargets = {
  status: defineOperation({
    id: 'checkpointTargets.status',
    method: 'GET',
    path: '/api/v1/audit/status',
    summary: 'Show how records are sealed, signed and published',
    params: nothing,
    query: nothing,
    body: null,
    response: auditStatus,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  list: defineOperation({
    id: 'checkpointTargets.list',
    method: 'GET',
    path: collection,
    summary: 'List the places checkpoints are published to',
    params: nothing,
    query: nothing,
    body: null,
    response: checkpointTargetList,
    status: 200,
    role: 'owner',
    scope: 'instance',
    errors: [],
  }),
  create: defineOperation({
    id: 'checkpointTargets.create',
    method: 'POST',
    path: collection,
    summary: 'Publish every new checkpoint to a folder, a web hook or an S3-compatible store',
    description: 'What was published where nobody here can rewrite it shows later that nothing before it was changed.',
    params: nothing,
    query: nothing,
    body: targetCreate,
    response: checkpointTarget,
    status: 201,
    role: 'owner',
    scope: 'instance',
    errors: ['already_exists'],
    example: { kind: 'https', name: 'Auditor', url: 'https://auditor.example.com/checkpoints' },
  }),
  test: defineOperation({
    ...one,
    id: 'checkpointTargets.test',
    method: 'POST',
    path: `${collection}/{id}/test`,
    summary: 'Publish the last checkpoint to one place now',
    body: null,
    response: targetTest,
    status: 200,
    errors: ['not_found', 'conflict'],
  }),
  remove: defineOperation({
    ...one,
    id: 'checkpointTargets.remove',
    method: 'DELETE',
    path: `${collection}/{id}`,
    summary: 'Publish there no more; what was published stays',
    body: null,
    response: null,
    status: 204,
    errors: ['not_found'],
  }),
};
