import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { nothing, slug } from '../schemas/common.ts';
import { bundleQuery, callId, callProof, proofQuery, sealStatus } from '../schemas/proofs.ts';

export const proofs = {
  status: defineOperation({
    id: 'proofs.status',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit/status',
    summary: 'How far the records of the workspace are sealed and published, and what the last check found',
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: null,
    response: sealStatus,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  verify: defineOperation({
    id: 'proofs.verify',
    method: 'POST',
    path: '/api/v1/workspaces/{workspace}/audit/verify',
    summary: 'Check the workspace’s log of proof now',
    description:
      'It begins and answers at once; proofs.status shows how far it is and what it found. One at a time for a workspace, two for the whole server. This is the server’s word about itself: a bundle is checked without it.',
    params: z.strictObject({ workspace: slug }),
    query: nothing,
    body: null,
    response: sealStatus,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
  show: defineOperation({
    id: 'proofs.show',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit/proofs/{call}',
    summary: 'Prove one call: its records and the way from each to a signed checkpoint',
    description:
      'Verified offline with `mcpnest audit verify`, or by the standards it names. Only of calls that this node recorded.',
    params: z.strictObject({ workspace: slug, call: callId }),
    query: proofQuery,
    body: null,
    response: callProof,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    watched: true,
    errors: ['not_found', 'conflict'],
  }),
  bundle: defineOperation({
    id: 'proofs.bundle',
    method: 'GET',
    path: '/api/v1/workspaces/{workspace}/audit/bundle',
    summary: 'Export the records of the workspace with everything needed to verify them offline',
    description:
      'One JSON object a line: the keys, the signed checkpoint, and the journal’s own lines, or in place of those left out the hashes that lead to the same root.',
    params: z.strictObject({ workspace: slug }),
    query: bundleQuery,
    body: null,
    response: { media: ['application/x-ndjson'] },
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
  }),
};
