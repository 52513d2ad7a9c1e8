import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { approvalSettingList, approvalSettingsUpdate } from '../schemas/approvals.ts';
import { nothing, slug } from '../schemas/common.ts';

const path = '/api/v1/workspaces/{workspace}/servers/{server}/approval-settings';
const params = z.strictObject({ workspace: slug, server: slug });

export const approvalSettings = {
  list: defineOperation({
    id: 'approvalSettings.list',
    method: 'GET',
    path,
    summary: 'The tools of a server whose calls need approval',
    params,
    query: nothing,
    body: null,
    response: approvalSettingList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found'],
  }),
  update: defineOperation({
    id: 'approvalSettings.update',
    method: 'PATCH',
    path,
    summary: 'Say which tools need approval for every call',
    description:
      'Only the targets that are named change. It holds in every mode, for workspace tokens too. Where several settings name a tool the closest counts: name, pattern, class.',
    params,
    query: nothing,
    body: approvalSettingsUpdate,
    response: approvalSettingList,
    status: 200,
    role: 'admin',
    scope: 'workspace',
    errors: ['not_found', 'conflict'],
    example: { settings: [{ target: '@destructive', approval: 'required', expiresInMinutes: 60 }] },
  }),
};
