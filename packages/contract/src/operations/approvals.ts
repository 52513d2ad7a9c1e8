import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { approval, approvalDetail, approvalList, approvalQuery, approvalRefuse } from '../schemas/approvals.ts';
import { id, nothing, slug } from '../schemas/common.ts';

const collection = '/api/v1/workspaces/{workspace}/approvals';
const item = `${collection}/{approval}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const ofApproval = z.strictObject({ workspace: slug, approval: id });

export const approvals = {
  list: defineOperation({
    id: 'approvals.list',
    method: 'GET',
    path: collection,
    summary: 'List calls that wait or waited for approval, newest first',
    description:
      'An admin sees all of the workspace; anybody else what they or their machines asked for and what they may approve.',
    params: inWorkspace,
    query: approvalQuery,
    body: null,
    response: approvalList,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  get: defineOperation({
    id: 'approvals.get',
    method: 'GET',
    path: item,
    summary: 'Show a call that waits or waited for approval',
    description: 'With why it waits and the last approved call of the same tool, to compare its arguments with.',
    params: ofApproval,
    query: nothing,
    body: null,
    response: approvalDetail,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  approve: defineOperation({
    id: 'approvals.approve',
    method: 'POST',
    path: `${item}/approve`,
    summary: 'Approve one call',
    description:
      'For owners, admins and the approvers the tool names, and never for whoever asked. The requester then repeats the call, which runs once.',
    params: ofApproval,
    query: nothing,
    body: z.strictObject({}),
    response: approval,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: {},
  }),
  refuse: defineOperation({
    id: 'approvals.refuse',
    method: 'POST',
    path: `${item}/refuse`,
    summary: 'Refuse one call, or take back an approval that was not used yet',
    params: ofApproval,
    query: nothing,
    body: approvalRefuse,
    response: approval,
    status: 200,
    role: 'member',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { reason: 'Not during the release.' },
  }),
};
